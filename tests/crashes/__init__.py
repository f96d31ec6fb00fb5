"""Work killed at every await and recovered: each point's whole database must equal an undisturbed run's.

``fuse`` counts and kills, ``zygote`` forks a process for each point, ``laboratory`` compares; ``reading``,
``relaying``, ``mailing``, ``announcing`` and ``closing`` are the works, ``breaking`` spoils them, to be found out.
"""
