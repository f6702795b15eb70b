/*
 * Elements of a libxml2 document, those without a namespace, and their attributes. Only where
 * libxml2 is (PG_HAVE_LIBXML2).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libxml/tree.h>

bool xml_is(const xmlNode *node, const char *name);
/* Of elements; NULL where there is none. */
xmlNode *xml_first(xmlNode *node);
xmlNode *xml_next(xmlNode *node);
xmlNode *xml_child(xmlNode *node, const char *name);

/* The attribute's value into buf, "" where it is absent or does not fit. node may be NULL. Returns
 * whether there is a value. */
bool xml_attr(xmlNode *node, const char *name, char *buf, size_t size);
bool xml_attr_is(xmlNode *node, const char *name, const char *wanted);
