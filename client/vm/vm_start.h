/* Asks libvirt to start a VM. */
#pragma once

/*
 * By libvirt's own tool, which asks for the right to do it as the desktop is used to. Not waited
 * for. uri: "" = qemu:///system. Returns 0 or a negative errno: the tool does not run.
 */
int vm_start(const char *name, const char *uri);
