"""The fields of the open data, by kind: the public csv, the JSON and the data package say the same."""

from __future__ import annotations

# field, title, type; the public csv, the JSON and the data package say the same
FIELDS: dict[str, list[tuple[str, str, str]]] = {
    "targets": [
        ("kind", "类别", "string"),
        ("level1", "一级指标", "string"),
        ("level2", "二级指标", "string"),
        ("name", "三级指标", "string"),
        ("description", "指标描述", "string"),
        ("target", "指标值", "string"),
        ("weight", "权重", "number"),
        ("basis", "确定依据", "string"),
        ("note", "说明", "string"),
    ],
    "self": [
        ("kind", "类别", "string"),
        ("sheet", "目标表", "string"),
        ("name", "指标", "string"),
        ("target", "指标值", "string"),
        ("actual", "完成值", "string"),
        ("origin", "完成值来源", "string"),
        ("match", "口径", "string"),
        ("verdict", "结论", "string"),
        ("computed", "台账算出", "string"),
        ("typed", "人工填报", "string"),
        ("difference", "相差", "string"),
        ("reason", "填报理由", "string"),
        ("contest", "争议", "string"),
        ("ruling", "裁定理由", "string"),
        ("points", "分值", "number"),
        ("score", "得分", "number"),
        ("open", "待定分值", "number"),
        ("granted", "其中按填报理由保留（认可超额）", "number"),
        ("note", "说明", "string"),
    ],
    "draw": [
        ("id", "统一社会信用代码", "string"),
        ("stratum", "分层", "string"),
        ("rank", "名次", "integer"),
        ("inspectors", "检查人员编号", "string"),
    ],
    "results": [
        ("id", "统一社会信用代码", "string"),
        ("inspected_on", "检查日期", "date"),
        ("result", "检查结果", "string"),
        ("count", "户数", "string"),
    ],
}
