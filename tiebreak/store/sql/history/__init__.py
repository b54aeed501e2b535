"""Every migration there ever was, one a module. A module that was released is never edited."""
