#include "audio/receive/sender_match.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "audio/receive/interfaces.h"
#include "base/ascii.h"

enum filter_sender sender_match(const char *wanted, uint32_t source) {
	char list[SENDER_LIST_BYTES];
	char address[INET_ADDRSTRLEN] = "";
	char mac[18] = "";
	char *rest;
	bool by_mac = false;
	inet_ntop(AF_INET, &source, address, sizeof address);
	const bool known = interfaces_mac_of(source, mac);
	snprintf(list, sizeof list, "%s", wanted);
	for (char *one = strtok_r(list, ", ", &rest); one; one = strtok_r(NULL, ", ", &rest)) {
		by_mac |= strchr(one, ':') != NULL;
		if (strcmp(one, address) == 0 || (known && ascii_casecmp(one, mac) == 0)) {
			return FILTER_SENDER_WANTED;
		}
	}
	if (by_mac && !known) {
		interfaces_ask_mac_of(source);
		return FILTER_SENDER_UNKNOWN;
	}
	return FILTER_SENDER_UNWANTED;
}
