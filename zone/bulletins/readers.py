"""The bulletin list of a zone: its association may put members on it, and they can leave. Alerts are never begun for
them."""

from __future__ import annotations

from collections.abc import Sequence

from domain.errors import NotFound
from storage import audit, bulletins, sharing
from storage.session import Database
from storage.sharing import Member


def members(db: Database, person_id: int, zone_id: int) -> list[Member]:
    """The members of a zone that an editor writes for. Raises NotFound for another zone."""
    with db.read() as session:
        _check(person_id, zone_id, [zone.id for zone in bulletins.zones_edited(session, person_id)])
        return sharing.members(session, zone_id)


def enlist(db: Database, person_id: int, zone_id: int, member_ids: Sequence[int]) -> int:
    """Put members on the bulletin list; gives how many are new. Who left it is not put back. Raises NotFound for a zone that
    the editor does not write for."""
    with db.write() as session:
        zones = {zone.id: zone for zone in bulletins.zones_edited(session, person_id)}
        _check(person_id, zone_id, list(zones))
        fresh = sharing.enlist(session, zone_id, member_ids, f"{zones[zone_id].name}简报")
        if fresh:
            audit.add(session, f"person:{person_id}", "bulletin readers added", f"zone:{zone_id}", {"persons": fresh})
        return len(fresh)


def _check(person_id: int, zone_id: int, zone_ids: Sequence[int]) -> None:
    if zone_id not in zone_ids:
        raise NotFound(f"person {person_id} writes for no zone {zone_id}")
