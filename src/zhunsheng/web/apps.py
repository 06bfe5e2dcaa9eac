"""The application's entry in Django: signals for sign-in and the conditions of steps are registered when it
is ready.
"""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Configuration of the web application."""

    name = "zhunsheng.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the conditions of steps and the audit of sign-ins."""
        from zhunsheng.web import audit
        from zhunsheng.web.services import conditions  # noqa: F401 (enters the conditions of steps)

        audit.register()
