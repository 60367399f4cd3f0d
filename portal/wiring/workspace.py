"""The workspace: what needs doing, who is where, who does not take part."""

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.recruitment.service import RecruitmentService
from portal.study.service import StudyBook
from portal.workspace.service import Overview, ToDoList


def workspace_services(database: Database, clock: Clock, audit: AuditLog, studies: StudyBook) -> tuple[object, ...]:
    """The workspace's own services."""
    return (RecruitmentService(database, clock, audit, studies), Overview(database, studies), ToDoList(()))
