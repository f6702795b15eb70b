#include "client/session/spice_reason.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "host-proto/spice/address.h"

const char *spice_reason_channel(enum spice_channel_type type) {
	switch (type) {
	case SPICE_CHANNEL_MAIN:
		return "main";
	case SPICE_CHANNEL_DISPLAY:
		return "display";
	case SPICE_CHANNEL_INPUTS:
		return "inputs";
	case SPICE_CHANNEL_CURSOR:
		return "cursor";
	case SPICE_CHANNEL_PLAYBACK:
		return "playback";
	case SPICE_CHANNEL_RECORD:
		return "record";
	case SPICE_CHANNEL_NONE:
	case SPICE_CHANNEL_COUNT:
		break;
	}
	return "?";
}

bool spice_reason_is_final(int error) {
	switch (error) {
	case -EACCES:
	case -EPROTO:
	case -EPROTONOSUPPORT:
	case -EBADMSG:
	case -EKEYREJECTED:
	case -ENOTSUP:
	case -EPERM:
	case -OWNER_REFUSED:
	case -E2BIG:
		return true;
	default:
		return false;
	}
}

static const char *link_error_text(uint32_t error) {
	switch (error) {
	case SPICE_LINK_NEED_SECURED:
		return _("the server wants TLS: use spice+tls://HOST:PORT with its TLS port");
	case SPICE_LINK_NEED_UNSECURED:
		return _("the server wants a connection without TLS");
	case SPICE_LINK_CHANNEL_NOT_AVAILABLE:
		return _("the server lacks a channel");
	default:
		return _("the server refused the link");
	}
}

static void place_text(const struct spice_address *address, char *at, size_t size) {
	if (address->kind == SPICE_ADDRESS_UNIX) {
		snprintf(at, size, "%s", address->path);
	} else {
		snprintf(at, size, _("%s, port %u"), address->host, address->port);
	}
}

void spice_reason_not_yet(char *reason, size_t size, const struct spice_address *address) {
	char at[300];
	place_text(address, at, sizeof at);
	snprintf(reason, size,
			_("the SPICE server at %s does not take the password yet: trying again"),
			at);
}

void spice_reason_refused(char *reason, size_t size, const struct spice_address *address) {
	char at[300];
	place_text(address, at, sizeof at);
	snprintf(reason, size,
			_("the SPICE server at %s refused that password: it is wrong or has "
			  "expired"),
			at);
}

void spice_reason_failed(char *reason, size_t size, int error, uint32_t link_error, uid_t owner,
		const struct spice_address *address) {
	char at[300];
	char name[OWNER_NAME_BYTES];
	place_text(address, at, sizeof at);
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		snprintf(reason, size, _("waiting for the VM: no SPICE socket at %s"), at);
		break;
	case -ECONNREFUSED:
	case -EAGAIN:
		snprintf(reason, size, _("waiting for the VM: nothing answers at %s"), at);
		break;
	case -OWNER_REFUSED:
		owner_name("", owner, name);
		snprintf(reason, size,
				_("the server at %s belongs to user %s, not to the VM's: see --vm-owner"),
				at, name);
		break;
	case -EPERM:
		snprintf(reason, size,
				_("%s: permission denied (`pierglass doctor` says how to get it)"),
				at);
		break;
	case -EACCES:
		snprintf(reason, size, _("the SPICE server at %s wants a password"), at);
		break;
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -ETIMEDOUT:
		snprintf(reason, size, _("no way to the SPICE server at %s"), at);
		break;
	case -EPROTO:
		snprintf(reason, size, "%s (%s)", link_error_text(link_error), at);
		break;
	case -EPROTONOSUPPORT:
		snprintf(reason, size, _("%s speaks another version of SPICE"), at);
		break;
	case -ENOMSG:
		snprintf(reason, size,
				_("what answers at %s is not SPICE: perhaps a VNC display, or a TLS port, which "
				  "spice+tls:// is for"),
				at);
		break;
	case -EBADMSG:
		snprintf(reason, size, _("the server at %s does not speak SPICE properly"), at);
		break;
	case -EKEYREJECTED:
		snprintf(reason, size,
				_("the certificate of %s is not trusted: see --spice-ca-file"), at);
		break;
	case -ENOTSUP:
		snprintf(reason, size,
				_("the system's crypto policy forbids SPICE's 1024-bit keys (%s)"),
				at);
		break;
	case -ENOTCONN:
		snprintf(reason, size, _("the SPICE server at %s closed the connection"), at);
		break;
	default:
		snprintf(reason, size, _("cannot reach the SPICE server at %s (%s)"), at,
				strerrordesc_np(-error));
	}
}
