"""The one error a user can meet: a stable code, what happened, where, and how to mend it."""

from __future__ import annotations

from typing import Any, Literal

Face = Literal["terminal", "web"]

# code: (what, how to mend), and a third text where a page of the site must say otherwise how to mend: who reads it there
# has no command line and no docs folder. Parameters in braces are filled by the raiser; a released code never changes.
MESSAGES: dict[str, tuple[str, str] | tuple[str, str, str]] = {
    "ZS-IN-01": ("文件不存在：{name}", "请检查路径和文件名。"),
    "ZS-IN-02": ("文件是空的：{name}", "请确认文件已保存、拷贝完整。"),
    "ZS-IN-03": ("认不出文件格式：{name}（{detail}）", "目标文件请用 txt、docx、xlsx、xls 或 html，台账请用 xlsx、xls、csv 或 parquet。"),
    "ZS-IN-04": ("文件已加密：{name}", "请在 Word/WPS/Excel 中去掉打开密码后另存。"),
    "ZS-IN-05": ("文件已损坏或不完整：{name}（{detail}）", "请用原软件重新打开并另存，或重新下载。"),
    "ZS-IN-06": ("文件过大：{name}（{detail}）", "请拆分文件，或删去与绩效目标无关的内容。"),
    "ZS-IN-07": ("文件解压后异常膨胀：{name}（{detail}）", "这可能是压缩炸弹，请勿打开，并核对来源。"),
    "ZS-IN-08": ("文件内含外部实体或文档类型定义：{name}", "正常办公文件不含此内容，请核对来源。"),
    "ZS-IN-09": ("文件含宏：{name}", "请另存为不含宏的 docx 或 xlsx。"),
    "ZS-IN-10": ("表格过大：{name}，{where}（{detail}）", "请删除多余的空行空列或过大的合并单元格后另存。"),
    "ZS-IN-11": ("扩展名与内容不符：{name}（{detail}）", "请用原软件打开后另存为相应格式。"),
    "ZS-IN-12": ("文件无法读取：{name}（{detail}）", "请检查文件权限，或关闭正在占用它的程序。"),
    "ZS-IN-13": ("没有在文件中找到绩效目标：{name}", "请确认文件含绩效目标表，或“绩效指标：”一类的文字。"),
    "ZS-IN-20": (
        "{name} 没有导入：共 {rows} 行，其中 {bad} 行有误",
        "请改正标注出的单元格后重新导入，或只导入没有错误的行。",
    ),
    "ZS-IN-21": (
        "{name} 里只有图片（{count} 张），没有可读的文字：{where}",
        "请提供可编辑的表格；扫描件请先用文字识别软件转换并核对。",
    ),
    "ZS-IN-22": (
        "没有在 {name} 的文字中找到绩效目标，另有 {count} 张图片没有读：{where}",
        "绩效目标若在图片里，请改成可编辑的表格后重新提供。",
    ),
    "ZS-IN-30": ("“{label}”有 {count} 字，最多 {most} 字", "请改短后再保存，全文可作为附件；原来的内容没有改动。"),
    "ZS-IN-31": ("文件名过长：{name}（{size} 字节）", "请把文件名改短，不超过 {most} 字节（约 80 个汉字）。"),
    "ZS-TG-01": ("“{label}”填写有误：{text}（{why}）", "请改正后再保存，原来的内容没有改动。"),
    "ZS-TG-02": ("目标表没有这个字段：{path}", "目标表可能已被他人修改，请刷新页面。"),
    "ZS-TG-10": ("确定“{name}”的性质与方向没有写理由", "请写明依据，例如原文件的说明或主管部门的解释。"),
    "ZS-TG-11": ("“{name}”的指标值“{text}”不能这样确定（{why}）", "请按指标值的写法确定，或先改正指标值。"),
    "ZS-ID-01": (
        "“{name}”指的不止一个：{known}",
        "请改用代码指明是哪一个，代码见“zhunsheng read --codes”。",
        "请先在目标表中改名，使同一张表里的指标、同一文件里的目标表各不相同。",
    ),
    "ZS-ID-02": ("没有叫“{name}”的目标表或指标", "请核对名称，一字不差；或改用代码指明。"),
    "ZS-ID-03": ("“{name}”写了两条，不知以哪条为准", "请只保留一条。"),
    "ZS-EV-01": ("没有这个台账：{ledger}", "可用的台账：{known}"),
    "ZS-EV-02": (
        "{name} 缺少必填列：{columns}",
        "请用“zhunsheng ledger template {ledger}”生成模板后填写。",
        "请在“台账证据”下载这个台账的模板，照着填写。",
    ),
    "ZS-EV-04": (
        "证据库不存在：{store}",
        "请先用“zhunsheng ledger import”导入台账。",
        "请先在“台账证据”导入台账。",
    ),
    "ZS-EV-05": (
        "证据库没有这个版本：{version}",
        "请用“zhunsheng ledger log”查看批次。",
        "请在“台账证据”的批次历史中查看有哪些批次。",
    ),
    "ZS-EV-06": ("{name} 没有数据行", "请确认表头之下有数据。"),
    "ZS-EV-07": ("无法判断 {name} 的文字编码（{where}）", "请另存为 UTF-8 编码的 csv。"),
    "ZS-EV-08": ("{name}：列“{column}”出现了两次", "请删除重复的列。"),
    "ZS-EV-09": ("证据库正被其他程序使用：{store}", "请稍后再试。"),
    "ZS-EV-10": (
        "{name} 对应的台账无法判断",
        "请用 --ledger 指明台账，可用的台账：{known}",
        "请在上传时选定台账，可选的台账：{known}",
    ),
    "ZS-EV-11": (
        "证据库的文件对不上记录：{detail}",
        "请运行“zhunsheng ledger verify”查看详情，并从备份恢复。",
        "请告诉系统管理员：证据库需要核验，并从备份恢复。数据没有改动。",
    ),
    "ZS-EV-12": ("批次 {batch} 不能撤销：{detail}", "请在批次历史中核对；撤销也是一个新批次，原数据仍可查到。"),
    "ZS-EV-13": (
        "个人信息解不开：{detail}",
        "请核对 ZHUNSHENG_PERSONAL_KEY 是否为导入时所用的密钥。",
        "请告诉系统管理员：个人信息的密钥与导入时的不同。",
    ),
    "ZS-EV-20": ("“{name}”是几个部门用过的名称：{choices}", "请改填部门代码。"),
    "ZS-EV-21": ("证据库里没有部门“{name}”", "请核对名称或代码，不按相近的名称猜测。现有：{known}"),
    "ZS-EV-22": ("证据库里没有与“{since}”相符的批次", "请核对另处记下的批次号或摘要。"),
    "ZS-EV-24": ("证据库里有多个部门，没有写明这些行属于哪一个", "请写明部门的代码或名称。现有：{known}"),
    "ZS-EV-25": (
        "{name} 中有的行与台账里的同名项目分不清是不是同一个：{rows}",
        "请补全项目编码后再导入；台账里的行没有编码的，先撤销导入它的批次，再导入编码齐全的文件。",
    ),
    "ZS-EV-26": (
        "证据库里的个人信息是加密保存的，没有密钥不能导入{ledger}",
        "请把 ZHUNSHENG_PERSONAL_KEY 设为原来导入时所用的密钥，再导入一次。",
        "请告诉系统管理员：个人信息的密钥没有配置。数据没有导入。",
    ),
    "ZS-EV-23": ("部门“{text}”写得不完整", "请填部门代码、部门名称，或“代码=名称”。"),
    "ZS-MS-01": (
        "没有这个测度：{measure}",
        "请用“zhunsheng measure --list”查看全部测度。",
        "请在“口径确认”页所列的测度中选择。",
    ),
    "ZS-MS-02": ("测度 {measure} 的定义不合规：{detail}", "请对照台账字典改正测度文件。"),
    "ZS-MS-03": ("对照文件 {name} 第 {row} 项有误：{detail}", "请改正指标与测度的对照。"),
    "ZS-RG-01": (
        "{name} 的内容不合规：{detail}",
        "请对照 docs/file-formats.md 改正数据文件。",
        "请按所指的位置改正后重新上传。",
    ),
    "ZS-RG-02": (
        "{date} 没有现行的{kind}",
        "请检查日期，或用 --scheme 指定本地方案。",
        "请检查日期，或请系统管理员录入这一年度的本地方案。",
    ),
    "ZS-RN-01": ("评价结果的内容不合规：{detail}", "请重新计算；由旧版本留下的结果可由计算重新得出。"),
    "ZS-SC-01": ("单位不可比：目标为“{target}”，结果为“{result}”", "请统一单位后再比较。"),
    "ZS-SC-02": ("定性指标“{name}”的得分率 {share} 不在“{band}”档的范围内", "该档的得分率应在 {low}–{high} 之间。"),
    "ZS-SC-03": ("定性指标“{name}”缺少评定理由", "请写明评为该档的依据。"),
    "ZS-SC-04": (
        "定性评定有误：{detail}",
        "请对照 docs/file-formats.md 改正评定文件。",
        "请在自评页重新选择档次并填写得分率。",
    ),
    "ZS-SC-05": ("复核只能用台账和批复的目标表计算，这次计算里有填报的内容", "请去掉填报的内容后重新复核。"),
    "ZS-SC-06": ("“{name}”的偏差原因“{cause}”不在规定的原因之内", "请改为：{known}；具体情形写在改进措施里。"),
    "ZS-SC-10": (
        "完成值里不要写“{words}”，这是系统自己的标注",
        "请只写完成的数和单位，例如 95%；依据和说明写在理由里。",
    ),
    "ZS-RV-01": (
        "审核规则 {rule} 在“{sheet}”上没有查成：{detail}",
        "其他规则照常审核；这一条不算通过，请把这一行反馈给维护者。",
    ),
    "ZS-KE-01": ("“{name}”的评分 {points} 不在 0–{full} 之间", "请按该指标的分值评分。"),
    "ZS-DR-01": ("抽查方案有误：{detail}", "请按所指的位置改正方案。"),
    "ZS-DR-02": (
        "名录库 {name} 有 {count} 行不合规：{detail}",
        "请改正所列的行；重复的编号、未知的分层都不能进入名录库。",
    ),
    "ZS-DR-03": ("承诺的时间 {committed} 不早于随机数公布的时间 {known}", "请换用尚未公布的随机数来源，重新承诺。"),
    "ZS-DR-04": ("两人录入的随机数不一致：{detail}", "请两人各自重新核对并录入。"),
    "ZS-DR-05": ("随机数不成立：{detail}", "请核对来源公布的内容。"),
    "ZS-DR-06": (
        "有 {count} 个检查对象派不出检查人员：{detail}",
        "请增加有资格的检查人员，或调整回避、辖区与人均上限。",
    ),
    "ZS-DR-07": ("抽查包 {name} 打不开：{detail}", "请重新获取完整的抽查包。"),
    "ZS-DR-08": ("文件 {name} 的内容不合规：{detail}", "请用原程序重新生成，或从公布处重新下载。"),
    "ZS-DR-09": ("检查结果有误：{detail}", "请对照任务清单改正。"),
    "ZS-DR-20": (
        "方案的第 {number} 条配额（{rule}）在名录库中没有对应的检查对象；名录库中{have}",
        "请改正这一条配额的值，或删去这一条，再重新承诺。",
    ),
    "ZS-DR-21": ("抽查包 {name} 不是程序写出的原样：{detail}", "请重新下载公布的抽查包，不要解压后另行打包。"),
    "ZS-DR-22": ("抽查包 {name} 里的 {member} 不合规：{detail}", "请重新下载公布的抽查包；内容被改动过的，核验不成立。"),
    "ZS-DR-23": ("抽查包 {name} 自相矛盾：{detail}", "请重新下载公布的抽查包；公布的就是这样的，核验不成立。"),
    "ZS-DR-24": ("名录库 {name} 里有 {count} 处看上去相同而实不相同：{detail}", "请核对所列的行，改成同一种写法或改正编号，再承诺。"),
    "ZS-DR-25": ("检查人员名录里有看上去相同而实不相同的：{detail}", "请核对所列的人员，改成同一种写法或另取编号。"),
    "ZS-DR-26": ("抽查的规模过大：{what}超过 {most}", "请拆成几次抽查，或减少分层、配额、候补。"),
    "ZS-DR-40": ("连不上 {engine}：{detail}", "请核对 --url 和网络、账号；程序不会在别处代为抽取。"),
    "ZS-DR-41": ("没有安装 {engine} 要用的 {package}", "请安装 {package} 后再试，或不写 --engine，用本机的 DuckDB。"),
    "ZS-DR-42": ("读不了表 {table}：{detail}", "请核对 --table（须有 id、stratum 两列）和读取的权限；不写 --table 时程序自行传入名录库。"),
    "ZS-DR-43": ("表 {table} 与承诺的名录库不是同一份", "请用承诺时的 frame.tsv 重新导入这张表；不写 --table 时程序自行传入。"),
    "ZS-DR-44": ("--table 只用于 PostgreSQL", "Spark 直接读取目录里的 frame.tsv，请去掉 --table，并让各节点都能读到该文件。"),
    "ZS-WB-01": ("“{title}”现为“{state}”，不能这样办理", "它可能刚被他人办理，请刷新页面后再看。"),
    "ZS-WB-02": ("“{action}”需要写明意见", "请填写意见后再提交。"),
    "ZS-WB-03": ("“{label}”已被 {who} 改为“{theirs}”", "您填的“{mine}”已保留，请选择采用哪一个。"),
    "ZS-WB-04": ("文件 {name} 超过 {limit} MB", "请拆分文件，或请管理员调整上限。"),
    "ZS-WB-05": ("没有选择文件", "请选择要上传的文件。"),
    "ZS-WB-06": ("填写有误：{detail}", "请改正后再提交，其余内容已保留。"),
    "ZS-WB-07": ("压缩包 {name} 不合规：{detail}", "请只把绩效目标文件放进 zip 压缩包。"),
    "ZS-WB-10": ("“{title}”在您打开页面之后有了变化，没有办理", "请先看清变化，再打开最新的页面办理。"),
    "ZS-WB-11": ("还不能“{action}”：{detail}", "请补齐后再办理。"),
    "ZS-WB-12": (
        "随机数公布时间 {known} 已过（现在是 {now}）",
        "请把方案改为尚未公布的随机数；不再抽查的，请作废方案。",
    ),
    "ZS-WB-20": ("“{parent}”之下已有“{name}”", "请换一个名称，或先为同名的单位更名、撤销。"),
    "ZS-WB-21": ("“{name}”不能放在“{parent}”之下：{detail}", "科室在部门之下，部门在区县或市之下，区县在市之下。"),
    "ZS-WB-22": ("“{name}”的变动不能自 {date} 起：{detail}", "日期应不早于上一次变动，不晚于今天。"),
    "ZS-WB-23": ("“{name}”不能{what}：{detail}", "请核对单位，先处理所列的事项。"),
    "ZS-WB-24": ("单位代码“{number}”已属于“{name}”", "一个代码只属于一个单位，请核对。"),
    "ZS-WB-30": (
        "没有令牌，或令牌无效、已停用、已过期",
        "请在“我的账号”生成令牌，随请求发送 Authorization: Bearer 令牌。",
    ),
    "ZS-WB-31": ("令牌不能做这件事：{detail}", "请另发一个范围合适的令牌，或请有权限的人办理。"),
    "ZS-WB-32": ("没有找到：{what}", "请核对编号；不在您可看范围内的，也按没有找到回答。"),
    "ZS-WB-33": ("这个地址不接受 {method}", "请对照 /api/openapi.json 中这个地址的办法。"),
    "ZS-WB-34": ("请求中的参数有误：{detail}", "请对照 /api/openapi.json 改正。"),
    "ZS-WB-35": ("请求过于频繁", "请稍后再试。"),
    "ZS-WB-36": ("Idempotency-Key “{key}”已用于另一个请求", "同一个键只用于同一个请求的重试，另一个请求请换一个键。"),
    "ZS-WB-37": ("请求无法读取：{detail}", "请核对请求的格式与大小。"),
    "ZS-WB-38": ("这项工作没有执行：{who}已不再有办理它的权限", "请由现在有权限的人重新办理。"),
    "ZS-WB-40": (
        "“{title}”里有 {count} 处像是个人信息，还没有决定怎样处理：{where}",
        "请在申请公开的页面逐项决定：隐去，或写明理由后保留。没有提出公开申请。",
    ),
    "ZS-WB-41": (
        "“{title}”里有 {count} 处个人信息是提出申请时没有决定过的：{where}",
        "没有批准。请退回这次申请，由申请人重新申请公开并逐项决定。",
    ),
    "ZS-WB-42": (
        "{name} 里的{kind}不能隐去，这个文件改动之后就核验不了",
        "请写明理由后保留；不宜公开的，请不要公开，改用不含个人信息的编号重新抽查。",
    ),
    "ZS-WB-43": ("{name} 的格式不能查验有没有个人信息", "请改用 docx、xlsx、csv、json、html 或文本文件后再公开。"),
    "ZS-WB-44": ("保留“{shown}”没有写明理由", "请写明为什么可以公开，例如本单位对外公布的服务电话。"),
    "ZS-WB-45": ("“{title}”的{fields}刚被他人改动，这次没有保存", "请刷新页面，看清现在的内容后再改。"),
    "ZS-WB-46": ("要删除的这一行已不在“{title}”里，可能刚被他人删除或改动", "请刷新页面后再看。"),
    "ZS-WB-47": ("这份表单正在办理，还没有结果", "请稍候刷新页面查看，不要重复提交。"),
    "ZS-CL-01": (
        "参数有误：{detail}",
        "请用 --help 查看用法。",
        "请改正后再试。",
    ),
    "ZS-CL-10": (
        "磁盘已满，没有写成：{path}",
        "请腾出空间后再做一次；原来的文件没有改动，也没有留下写了一半的文件。",
        "请告诉系统管理员：服务器的磁盘已满。这一步没有办成，原来的数据没有改动，腾出空间后再做一次。",
    ),
    "ZS-CL-11": (
        "系统不让读写：{path}（{detail}）",
        "请检查文件夹的权限，或换一个文件夹；原来的文件没有改动。",
        "请告诉系统管理员：服务器的数据文件夹不能读写。这一步没有办成，原来的数据没有改动。",
    ),
    "ZS-CL-12": ("文件名过长：{path}", "请把名称改短（不超过 255 字节，约 80 个汉字）后再做一次。"),
    "ZS-CL-99": ("程序内部错误：{detail}", "数据未受影响。请把这一行连同操作步骤反馈给维护者。"),
}


class ZhunshengError(Exception):
    """An error meant for a person: ``code`` is stable, ``params`` fill its Chinese message."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = params
        super().__init__(self.text())

    def text(self, face: Face = "terminal") -> str:
        """One line: code, what and where, and how to mend it by the means of whoever reads it there."""
        what, mend = MESSAGES[self.code][0], MESSAGES[self.code][-1 if face == "web" else 1]
        return f"[{self.code}] {what.format_map(self.params)}。{mend.format_map(self.params)}"

    @property
    def web(self) -> str:
        """The line as pages of the site show it."""
        return self.text("web")

    def as_json(self) -> dict[str, Any]:
        """The same as data: ``{"code", "message", "params"}``."""
        params = {k: str(v) for k, v in self.params.items()}
        return {"code": self.code, "message": self.text(), "params": params}
