"""All translators. A new protocol is one file and one line here."""

from __future__ import annotations

from forebear.connect.alertmanager import Alertmanager
from forebear.connect.cloudevents import CloudEvents
from forebear.connect.openlineage.door import OpenLineage
from forebear.connect.translator import Translator

CATALOGUE: tuple[Translator, ...] = (Alertmanager(), CloudEvents(), OpenLineage())
"""Every translator."""
