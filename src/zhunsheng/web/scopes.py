"""What a token of the API may be allowed to do."""

from django.utils.translation import gettext_lazy as _

SCOPES = {
    "targets:read": _("读取绩效目标与审核结果"),
    "targets:write": _("上传绩效目标文件"),
    "targets:confirm": _("核对识别结果，确认各列与版式"),
    "ledgers:read": _("读取台账（个人信息隐去）"),
    "ledgers:write": _("导入台账"),
    "results:read": _("读取监控、得分与来源"),
    "draws:read": _("读取双随机抽查"),
    "metrics:read": _("读取运行指标"),
}
