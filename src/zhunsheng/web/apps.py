"""The application's entry in Django: signals for sign-in, the conditions of steps and what follows from
steps are registered when it is ready.
"""

import atexit
import gc

from django.apps import AppConfig
from django.conf import settings
from django.core import checks


def whole(**_: object) -> list[checks.CheckMessage]:
    """Refuse to run a site to which a backup has come back in part."""
    from zhunsheng.web.backups.restoring import unfinished

    if not unfinished():
        return []
    said = f"{settings.DATA} 里的恢复没有做完：请再运行一次 restore，什么也不会丢"
    return [checks.Error(said, id="zhunsheng.E001")]


class WebConfig(AppConfig):
    """Configuration of the web application."""

    name = "zhunsheng.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the conditions of steps, what follows from steps, the audit and the count of sign-ins."""
        from zhunsheng.evidence import defined
        from zhunsheng.web import audit, metrics
        from zhunsheng.web.services import conditions  # noqa: F401 (enters the conditions of steps)
        from zhunsheng.web.services.publishing import acts  # noqa: F401 (publications follow steps)

        defined.use(settings.DATA / "evidence")
        audit.register()
        metrics.register()
        checks.register(whole)
        # What is loaded stays: it need not be looked through for garbage again.
        gc.freeze()
        atexit.register(gc.unfreeze)
        gc.enable()
