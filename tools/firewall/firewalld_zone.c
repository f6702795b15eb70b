#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

#include "tools/firewall/firewall.h"
#include "tools/vm-model/text.h"
#include "tools/vm-model/xml_node.h"

/* "4010" or "4000-4020". */
static bool range_has(const char *range, unsigned port) {
	char *end;
	const unsigned long low = strtoul(range, &end, 10);
	const unsigned long high = *end == '-' ? strtoul(end + 1, &end, 10) : low;
	return end != range && *end == '\0' && port >= low && port <= high;
}

static bool names_port(xmlNode *node, unsigned port) {
	char range[32];
	return (xml_is(node, "port") && xml_attr_is(node, "protocol", "udp") &&
			       xml_attr(node, "port", range, sizeof range) &&
			       range_has(range, port)) ||
	       (xml_is(node, "protocol") && xml_attr_is(node, "value", "udp"));
}

static void read_rule(struct firewalld_zone *zone, xmlNode *rule, unsigned port) {
	static const char *const actions[] = { "accept", "reject", "drop", "log", "nflog", "audit",
		"mark" };
	bool ours = false;
	unsigned conditions = 0;
	for (xmlNode *c = xml_first(rule); c; c = xml_next(c)) {
		bool action = false;
		for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
			action = action || xml_is(c, actions[i]);
		}
		conditions += !action;
		ours = ours || names_port(c, port);
	}
	const bool shuts = xml_child(rule, "reject") || xml_child(rule, "drop");
	zone->port_open = zone->port_open || (ours && xml_child(rule, "accept"));
	zone->accepts = zone->accepts || (conditions == 0 && xml_child(rule, "accept"));
	zone->shuts_last = zone->shuts_last || (conditions == 0 && shuts);
}

static void read_root(
		struct firewalld_zone *zone, xmlNode *root, const char *bridge, unsigned port) {
	char name[64];
	zone->accepts = xml_attr_is(root, "target", "ACCEPT");
	for (xmlNode *c = xml_first(root); c; c = xml_next(c)) {
		zone->port_open = zone->port_open || names_port(c, port);
		if (xml_is(c, "rule")) {
			read_rule(zone, c, port);
		} else if (xml_is(c, "interface")) {
			zone->has_bridge = zone->has_bridge || xml_attr_is(c, "name", bridge);
		} else if (xml_is(c, "service") && zone->service_count < 16 &&
				xml_attr(c, "name", name, sizeof name)) {
			copy_text(zone->services[zone->service_count++], sizeof name, name);
		}
	}
}

bool firewalld_zone_read(struct firewalld_zone *ret, const char *xml, size_t len,
		const char *bridge, unsigned port) {
	*ret = (struct firewalld_zone){ 0 };
	xmlDoc *doc = xmlReadMemory(xml, (int)len, "zone.xml", NULL,
			XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	const bool plain = root && !xmlGetIntSubset(doc);
	if (plain) {
		read_root(ret, root, bridge, port);
	}
	xmlFreeDoc(doc);
	return plain;
}
