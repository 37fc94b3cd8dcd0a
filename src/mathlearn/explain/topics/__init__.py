"""What is explained, one file a topic; `registry` finds each by its being here."""
