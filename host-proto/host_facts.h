/*
 * What runs in Windows, in sentences for people. Made by tools/dev/host-facts from
 * doc/host-facts.txt: change that file. Each is a text for gettext: _(HOST_FACTS_…).
 */
#pragma once

#include "base/i18n.h"

/* clang-format off */
#define HOST_FACTS_CHECKED "2026-11-30"
#define HOST_FACTS_LGMP_OLD N_("the VM's Looking Glass host speaks LGMP %u, pierglass speaks 5, 6 and 12: install the current Looking Glass build in the VM")
#define HOST_FACTS_LGMP_NEW N_("the VM's Looking Glass host speaks LGMP %u, pierglass speaks 5, 6 and 12: update pierglass, or install build B7-826 in the VM")
#define HOST_FACTS_KVMFR N_("the VM's Looking Glass host %s speaks KVMFR %u over LGMP %u; pierglass speaks %u there: install the current Looking Glass build in the VM")
#define HOST_FACTS_UNUSED_FILES N_("files go to the VM by the SPICE agent: pierglass does not know how the host's own messages name a file")
#define HOST_FACTS_UNUSED_SOUND N_("the host's own sound is not played: its layout is not verified. Sound comes through SPICE, or from Scream where that is installed")
#define HOST_FACTS_UNUSED_SOFTWARE N_("whether the host draws in \"software mode\" is not known: pierglass does not know where the host says so")
#define HOST_FACTS_STEP_GPU N_("install the driver of the passed-through GPU")
#define HOST_FACTS_STEP_HOST N_("install the current Looking Glass build with its display driver (it brings the IVSHMEM driver and a virtual monitor). Release B7 or B6 does as well, with a display at the GPU (a cable, or a dummy plug); their log: %%ProgramData%%\\Looking Glass (host)\\looking-glass-host.txt")
#define HOST_FACTS_STEP_SOUND N_("sound needs nothing in Windows: the VM's sound card comes through SPICE. Scream goes on working where it is installed; new Windows 11 refuses its driver")
#define HOST_FACTS_STEP_NO_CARD N_("sound: the VM has no sound card, so only Scream is heard, where it is installed (new Windows 11 refuses its driver). `setup audio` with --card gives the VM a card that plays through SPICE")
#define HOST_FACTS_SCREAM_RECEIVER N_("where Scream is installed in Windows, pierglass is the receiver; the old scream program is not needed")
#define HOST_FACTS_SCREAM_NO_FIREWALL N_("no firewall found that would stop Scream's packets on %s")
#define HOST_FACTS_SCREAM_NO_CARD N_("the VM has no network card: Scream's sound has no way out")
#define HOST_FACTS_SCREAM_OFF N_("no Scream packet in %u s: the VM does not run")
#define HOST_FACTS_SCREAM_SILENT N_("no Scream packet in %u s: right if the sound comes through SPICE. If Scream is installed, play a sound in Windows and look again. If there is still none, it is one of these:")
#define HOST_FACTS_SCREAM_MISSING N_("in Windows: Scream is not installed (its certificate has expired, new Windows 11 refuses it: use the VM's sound card through SPICE)")
#define HOST_FACTS_SCREAM_DEFAULT N_("in Windows: Scream is not the default sound output")
#define HOST_FACTS_SCREAM_CARD N_("in Windows: it sends through another network card: UnicastSrcIPv4 in HKLM\\SYSTEM\\CurrentControlSet\\Services\\Scream\\Options")
#define HOST_FACTS_SCREAM_ARRIVES N_("Scream's packets arrive: %lld on %s and %lld at a socket in %u s")
#define HOST_FACTS_SCREAM_UFW N_("the firewall ufw is on and has no rule for Scream (UDP %d)%s")
#define HOST_FACTS_SCREAM_FIREWALLD N_("firewalld is on; %s is in its zone %s, which does not let Scream (UDP %d) in by itself")
#define HOST_FACTS_SCREAM_ZONE N_("firewalld's zone %s lets Scream (UDP %d) in")
#define HOST_FACTS_SCREAM_NFT N_("an nftables rule set is loaded at boot; if it drops input, Scream (UDP %d) needs a rule")
#define HOST_FACTS_SOUND_NONE N_("no emulated sound card: Scream is the only one")
#define HOST_FACTS_SCREAM_NETWORK N_("or, for Scream, a network that its packets can leave by:")
#define HOST_FACTS_SCREAM_SHM N_("shared memory %s of %llu MiB is Scream's: pierglass plays what is written there")
#define HOST_FACTS_SCREAM_SHM_SMALL N_("shared memory %s of %llu MiB is as small as Scream's: where it is, pierglass plays it when it is told the file")
#define HOST_FACTS_SCREAM_DROPPED N_("%u of Scream's packets for %s port %u came from %s over %s in %u s, and none reached a socket: a firewall drops them")
#define HOST_FACTS_SCREAM_ELSEWHERE N_("%u of Scream's packets came from %s over %s in %u s, for %s port %u; pierglass listens to %s port %d")
#define HOST_FACTS_SCREAM_ALONE N_("%u of Scream's packets came from %s over %s in %u s, for this host alone: pierglass takes them")
#define HOST_FACTS_SCREAM_FILTERED N_("%lld multicast packets came over %s in %u s, as many as Scream sends, and none reached a socket: most likely a firewall filters UDP %d, or the guest sends to another port or group")
