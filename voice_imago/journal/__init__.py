"""What is kept, for whom, and how it is erased.

    Stage ─ inputs, facts ─► Keeper ─ one transaction a decision ─► Writer (a thread) ─► journal.db

``levels`` decides how much, ``wordless`` what is a word, ``tape`` and ``overheard`` keep what a replay needs,
``store`` and ``notes`` hold all SQL on top of ``migrations``, ``files`` and ``connection`` guard the file itself.
"""
