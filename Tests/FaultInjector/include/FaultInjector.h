// Nothing to include: the library is preloaded into a program (injector.c says how).
