"""Who exists in the account: IAM's list of users, and whoever is looked up because it lacks them.

A list may come back short, so that nobody counts as gone because it does not name him.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rule.facts import Identity
from rule.live import ListCutShort, UserGone, identify_tagged, read_named, read_whole
from rule.readers import RESERVED_SECONDS, Clock, Judged, Reading, Suspect

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

People = dict[str, tuple[Identity, Mapping[str, str]]]
"""Who exists, by id, and their tags."""


def read_people(iam: "IAMClient") -> tuple[People, ListCutShort | None]:
    """Return every IAM user and its tags, and what to raise where the list breaks off.

    GetAccountAuthorizationDetails rather than ListUsers: it brings the tags, which settle for every
    Inactive key whether it can be in quarantine (docs/decisions/0002).
    """
    people: People = {}
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User"], PaginationConfig={"PageSize": 1000}
    )
    try:
        for page in read_whole(pages):
            for user in page["UserDetailList"]:
                people[user["UserId"]] = identify_tagged(user)
    except ListCutShort as error:
        return people, ListCutShort(
            f"{error} Of the users after the first {len(people)}, those were judged whom the"
            " credential report or a result names; the results were put. Evaluate the rule again."
        )
    return people, None


def look_up_names(
    iam: "IAMClient", people: People, named: Iterable[str], clock: Clock
) -> tuple[People, Reading]:
    """Return whom the credential report names and the list of users lacks, and who is not known.

    Who is gone since the report costs a call each.
    """
    found: People = {}
    unknown = Reading()
    for name in sorted({*named} - {who.name for who, _ in people.values()}):
        if clock.seconds_left() < RESERVED_SECONDS:
            unknown.asked += 1
            continue
        try:
            who, tags = read_named(iam, name)
        except UserGone:
            continue
        except Exception as error:  # an answer that cannot be read, too
            unknown.asked += 1
            unknown.failed[name] = error
        else:
            found[who.id] = who, tags
    return found, unknown


def find_moved(iam: "IAMClient", people: People, judged: Mapping[str, Judged]) -> list[Suspect]:
    """Return who was read live and has another name or other tags by now, or is not listed.

    One read of the account more, a page for 1,000 users, instead of one GetUser for each: as that
    would, it proves whose the keys are that were read, and that their tags were these. Who is not
    listed is not taken for gone: he is read once more, with GetUser.
    """
    live = [each for each, known in judged.items() if known.live]
    if not live:
        return []
    now, _ = read_people(iam)
    moved = (each for each in live if now.get(each) != people[each])
    return [Suspect(now.get(each, people[each])[0], None) for each in moved]
