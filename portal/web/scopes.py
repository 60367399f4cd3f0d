"""Every permission there is: `scope:resource:action`. Plain data, so that domains may name them."""

from enum import StrEnum


class Permission(StrEnum):
    """What a view needs and a principal has."""

    PUBLIC = "public:page:read"
    OWN_JOURNEY = "participant:journey:use"
    PARTICIPANTS_READ = "team:participants:read"
    IDENTITY_READ = "team:identity:read"
    INVITE = "team:invitation:create"
    COUNTERSIGN = "team:countersignature:create"
    RECEIPTS_READ = "team:receipts:read"
    AUDIT_READ = "team:audit:read"
    TEAM_MANAGE = "team:members:manage"
    DELEGATION_READ = "team:delegation:read"
    DELEGATION_SIGN = "team:delegation:sign"
    BOOKINGS_READ = "team:bookings:read"
    BOOKINGS_MANAGE = "team:bookings:manage"
    OWN_HOURS = "team:hours:publish"
    OWN_ACCOUNT = "team:account:use"
    RECRUITMENT = "team:recruitment:record"
    NOTES_READ = "team:notes:read"
    NOTES_WRITE = "team:notes:write"
    EXPORT = "team:export:create"
    SITE_FILE = "team:site-file:create"
    ERASE = "team:erasure:decide"
    OPERATIONS_READ = "team:operations:read"
    OWN_KEY = "team:key:use"
    RECIPIENTS_READ = "team:recipients:read"
    RECIPIENTS_CONFIRM = "team:recipients:confirm"
    RECIPIENTS_MANAGE = "team:recipients:manage"
