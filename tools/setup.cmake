pg_program(pierglass-vm-info SOURCES vm-info.c USES vm_model base INSTALL libexec)
