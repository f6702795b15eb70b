#include "tools/vm-model/xml_node.h"

#include <string.h>

#include "tools/vm-model/text.h"

bool xml_is(const xmlNode *node, const char *name) {
	return strcmp((const char *)node->name, name) == 0 && !node->ns;
}

xmlNode *xml_first(xmlNode *node) {
	return xmlFirstElementChild(node);
}

xmlNode *xml_next(xmlNode *node) {
	return xmlNextElementSibling(node);
}

xmlNode *xml_child(xmlNode *node, const char *name) {
	for (xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (xml_is(c, name)) {
			return c;
		}
	}
	return NULL;
}

bool xml_attr(xmlNode *node, const char *name, char *buf, size_t size) {
	buf[0] = '\0';
	xmlChar *value = node ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
	bool ok = value && copy_text(buf, size, (const char *)value);
	xmlFree(value);
	return ok && buf[0];
}

bool xml_attr_is(xmlNode *node, const char *name, const char *wanted) {
	char value[64];
	return xml_attr(node, name, value, sizeof value) && strcmp(value, wanted) == 0;
}
