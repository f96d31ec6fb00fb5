"""Rules of notify: who gets a letter, what it says, when it may go out.  Pure."""
