# Sound server and X server are asked by the doctor alone.
pg_library(doctor SOURCES
	common_wayland.c
	doctor_facts.c
	doctor_host.c
	doctor_input.c
	doctor_live.c
	doctor_memory.c
	doctor_network.c
	doctor_pci.c
	doctor_procs.c
	doctor_pulse.c
	doctor_report.c
	doctor_vm.c
	doctor_x11.c
	USES vm_model base
	PKG libpulse xcb
)
pg_program(pierglass-vm-info SOURCES vm-info.c USES vm_model base INSTALL libexec)
pg_program(pierglass-doctor SOURCES doctor.c USES doctor vm_model base INSTALL libexec)
