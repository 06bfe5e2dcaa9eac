"""What the application keeps: people, target sheets and their decisions, the year's work, and
the audit log.
"""

from zhunsheng.web.models.api import ApiAnswer
from zhunsheng.web.models.audited import Audited, AuditEntry, AuditHead
from zhunsheng.web.models.decided import Decided
from zhunsheng.web.models.draws import Commitment, CommitmentStamp, Draw, DrawTask, InspectionItem, Inspector
from zhunsheng.web.models.evaluation import KeyEvaluation, KeyMark, Rectification
from zhunsheng.web.models.layouts import TableLayout
from zhunsheng.web.models.mappings import SourceMapping
from zhunsheng.web.models.office import (
    CalendarEntry,
    LibraryIndicator,
    LocalScheme,
    RuleBasis,
    SafeguardRecord,
)
from zhunsheng.web.models.papers import Paper
from zhunsheng.web.models.people import ApiToken, Membership, Organisation, OrganisationStage, Role, User
from zhunsheng.web.models.public import Publication
from zhunsheng.web.models.review import SheetReview
from zhunsheng.web.models.sent import Sent
from zhunsheng.web.models.service import Upkeep, WorkerSign
from zhunsheng.web.models.targets import Sheet, SheetFinding, SheetVersion
from zhunsheng.web.models.transparency import CheckpointMail, LogCheckpoint, LogEntry, LogNode, Witness
from zhunsheng.web.models.work import Job, Step, Upload
from zhunsheng.web.models.year import (
    Assessment,
    Checkpoint,
    Contest,
    IndicatorLight,
    LowTarget,
    MeasureDecision,
    ProjectDecision,
    SelfEvaluation,
    Word,
)

__all__ = [
    "ApiAnswer",
    "ApiToken",
    "Assessment",
    "AuditEntry",
    "AuditHead",
    "Audited",
    "CalendarEntry",
    "Checkpoint",
    "CheckpointMail",
    "Commitment",
    "CommitmentStamp",
    "Contest",
    "Decided",
    "Draw",
    "DrawTask",
    "IndicatorLight",
    "InspectionItem",
    "Inspector",
    "Job",
    "KeyEvaluation",
    "KeyMark",
    "LibraryIndicator",
    "LocalScheme",
    "LogCheckpoint",
    "LogEntry",
    "LogNode",
    "LowTarget",
    "MeasureDecision",
    "Membership",
    "Organisation",
    "OrganisationStage",
    "Paper",
    "ProjectDecision",
    "Publication",
    "Rectification",
    "Role",
    "RuleBasis",
    "SafeguardRecord",
    "SelfEvaluation",
    "Sent",
    "Sheet",
    "SheetFinding",
    "SheetReview",
    "SheetVersion",
    "SourceMapping",
    "Step",
    "TableLayout",
    "Upkeep",
    "Upload",
    "User",
    "Witness",
    "Word",
    "WorkerSign",
]
