# The set-up programs: vm-info, doctor, setup. libvirt and libxml2 are linked only here, and both
# may be missing: then QEMU command lines (and, with libxml2, XML files) are what is left.
pkg_check_modules(LIBXML2 IMPORTED_TARGET GLOBAL libxml-2.0)
pkg_check_modules(LIBVIRT IMPORTED_TARGET GLOBAL libvirt)

pg_library(setup SOURCES
	common_diff.c
	common_domain.c
	common_domain_argv.c
	common_domain_xml.c
	common_edit.c
	common_firewall.c
	common_pci.c
	common_props.c
	common_qemu.c
	common_root.c
	common_text.c
	common_virt.c
	common_wayland.c
	setup_apply.c
	setup_files.c
	setup_input.c
	setup_pci.c
	setup_plan.c
	setup_store.c
	setup_sudo.c
	setup_undo.c
	setup_xml.c
	vm-info_block.c
	USES base)
if(LIBXML2_FOUND)
	target_compile_definitions(pg_setup PUBLIC PG_HAVE_LIBXML2)
	target_link_libraries(pg_setup PUBLIC PkgConfig::LIBXML2)
endif()
if(LIBVIRT_FOUND)
	target_compile_definitions(pg_setup PUBLIC PG_HAVE_LIBVIRT)
	target_link_libraries(pg_setup PUBLIC PkgConfig::LIBVIRT)
endif()

# Sound server and X server are asked by the doctor alone.
pg_library(doctor SOURCES
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
	USES setup base
	PKG libpulse xcb
)
pg_program(pierglass-vm-info SOURCES vm-info.c USES setup base INSTALL libexec)
pg_program(pierglass-doctor SOURCES doctor.c USES doctor setup base INSTALL libexec)
pg_program(pierglass-setup SOURCES setup.c USES setup base INSTALL libexec)
