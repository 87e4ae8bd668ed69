"""What we say: templates and what they are made of, the media library, and how a mail is drawn for one person."""
