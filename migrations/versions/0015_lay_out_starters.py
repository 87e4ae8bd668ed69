"""The first mails, published, with their pictures in the library; a starter that is there already is left alone."""

import json
from datetime import datetime
from pathlib import Path

from alembic import op
from sqlalchemy import text

from app.content import starters

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SHELF = Path(starters.__file__).parent
FILE = """
INSERT INTO media_files (content_hash, mime, content) VALUES (:content_hash, 'image/png', :content)
ON CONFLICT DO NOTHING
"""
MEDIUM = """
INSERT INTO media (kind, name, tags, alt, content_hash, width, height, size)
SELECT 'image', :name, CAST(:tags AS text[]), :alt, CAST(:content_hash AS text), :width, :height, :size
 WHERE NOT EXISTS (SELECT FROM media WHERE content_hash = CAST(:content_hash AS text))
"""
TEMPLATE = """
INSERT INTO message_templates (name, description, type, subject, preheader, message, blocks, policies,
                               published, starter, created_date, updated_date)
VALUES (:name, :description, :type, :subject, :preheader, :message, CAST(:blocks AS jsonb), CAST(:policies AS jsonb),
        1, :starter, :at, :at)
ON CONFLICT (starter) WHERE starter IS NOT NULL DO NOTHING
RETURNING id
"""
VERSION = """
INSERT INTO template_versions (template_id, number, subject, preheader, message, blocks, html, text, policies, fields,
                               weight, by_name)
VALUES (:template_id, 1, :subject, :preheader, :message, CAST(:blocks AS jsonb), :html, :text, CAST(:policies AS jsonb),
        CAST(:fields AS jsonb), :weight, '')
RETURNING id
"""
LINK = "INSERT INTO links (version_id, place, href, label) VALUES (:version_id, :place, :href, :label)"


def upgrade() -> None:
    lay(op.get_bind())


def downgrade() -> None:
    op.execute("DELETE FROM message_templates WHERE starter IS NOT NULL")


def lay(connection) -> None:
    for file in sorted((SHELF / "frozen").glob("*.json")):
        made = json.loads(file.read_text())
        for image in made["images"]:
            _keep(connection, image)
        _publish(connection, made)


def _keep(connection, image) -> None:
    content = (SHELF / "images" / image["file"]).read_bytes()
    connection.execute(text(FILE), {**image, "content": content})
    connection.execute(text(MEDIUM), image)


def _publish(connection, made) -> None:
    template, version = made["template"], made["version"]
    written = {name: json.dumps(template[name]) for name in ("blocks", "policies")}
    named = {**template, **written, "starter": made["starter"], "at": datetime.now().astimezone()}
    if not (template_id := connection.scalar(text(TEMPLATE), named)):
        return
    parts = {**version, **written, "fields": json.dumps(version["fields"]), "message": template["message"]}
    version_id = connection.scalar(text(VERSION), {**parts, "template_id": template_id})
    connection.execute(text(LINK), [{**link, "version_id": version_id} for link in made["links"]])
