#include "tools/firewall/firewall.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/check.h"

#define RULE "-A ufw-user-input "

/* As ufw 0.36 writes them. */
static void ufw_rules(void **state) {
	(void)state;
	static const struct {
		const char *rules;
		bool open;
	} rows[] = {
		{ "", false },
		{ RULE "-i virbr0 -p udp --dport 4010 -j ACCEPT\n", true },
		{ RULE "-p tcp --dport 4010 -j ACCEPT\n", false },
		{ RULE "-p tcp --dport 4010 -j ACCEPT\n" RULE "-p udp --dport 4010 -j ACCEPT\n",
				true },
		{ RULE "-p udp -m multiport --dports 4000:4020 -j ACCEPT\n", true },
		{ RULE "-p udp -m multiport --dports 53,67,4010 -j ACCEPT\n", true },
		{ RULE "-p udp -m multiport --dports 53,67 -j ACCEPT\n", false },
		{ RULE "-p udp --dport 40100 -j ACCEPT\n", false },
		{ RULE "-i virbr0 -j ACCEPT\n", true }, /* allow in on virbr0 */
		{ RULE "-i virbr+ -j ACCEPT\n", true },
		{ RULE "-i br0 -j ACCEPT\n", false },
		{ RULE "-i virbr0 -p udp --dport 4010 -j REJECT\n" RULE "-i virbr0 -j ACCEPT\n",
				false },
		{ RULE "-i virbr0 -j ACCEPT\n" RULE "-p udp --dport 4010 -j DROP\n", true },
		{ RULE "-p udp --dport 4010 -s 192.168.122.0/24 -j ACCEPT\n", true },
		{ RULE "-p udp -d 192.168.1.2 --dport 4010 -j ACCEPT\n", false },
		{ RULE "-p udp -d 239.255.77.77 --dport 4010 -j ACCEPT\n", true },
		{ RULE "-i virbr0 -j ufw-user-logging-input\n" RULE "-i virbr0 -j ACCEPT\n", true },
		{ RULE "! -i eth0 -p udp --dport 4010 -j ACCEPT\n", false }, /* not judged */
		{ "#" RULE "-i virbr0 -j ACCEPT\n", false },
		{ "### tuple ### allow udp 4010 0.0.0.0/0 any 0.0.0.0/0 in_virbr0\n" RULE
		  "-i virbr0 -p udp --dport 4010 -j ACCEPT",
				true },
		{ RULE "-p udp --dport", false },
		{ RULE "-j\n" RULE, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (ufw_lets_in(rows[i].rules, "virbr0", 4010, false) != rows[i].open) {
			fail_msg("row %zu: %s", i, rows[i].rules);
		}
	}
	CHECK(ufw_lets_in("", "virbr0", 4010, true));
	CHECK(!ufw_lets_in(RULE "-p udp --dport 4010 -j DROP\n", "virbr0", 4010, true));
}

#ifdef PG_HAVE_LIBXML2
static void firewalld_zones(void **state) {
	(void)state;
	static const struct {
		const char *inside;
		bool open, shuts;
	} rows[] = {
		{ "", false, false },
		{ "<port port='4010' protocol='udp'/>", true, false },
		{ "<port protocol=\"udp\" port=\"4010\" />", true, false },
		{ "<port port='4000-4020' protocol='udp'/>", true, false },
		{ "<port port='4011-4020' protocol='udp'/>", false, false },
		{ "<port port='4010' protocol='tcp'/>", false, false },
		{ "<!-- <port port='4010' protocol='udp'/> -->", false, false },
		{ "<protocol value='udp'/>", true, false },
		{ "<source-port port='4010' protocol='udp'/>", false, false },
		{ "<rule family='ipv4'><port port='4010' protocol='udp'/><accept/></rule>", true,
				false },
		{ "<rule><port port='4010' protocol='udp'/><log/><reject/></rule>", false, false },
		{ "<rule priority='32767'><reject/></rule>", false, true }, /* libvirt's own */
		{ "<rule><source address='10.0.0.1'/><drop/></rule>", false, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char xml[300];
		struct firewalld_zone zone;
		snprintf(xml, sizeof xml, "<?xml version='1.0' encoding='utf-8'?><zone>%s</zone>",
				rows[i].inside);
		CHECK(firewalld_zone_read(&zone, xml, strlen(xml), "br0", 4010));
		if (zone.port_open != rows[i].open || zone.shuts_last != rows[i].shuts) {
			fail_msg("row %zu: %s", i, rows[i].inside);
		}
	}
	static const char trusted[] = "<zone target='ACCEPT'><interface name='br0'/>"
				      "<service name='ssh'/><service name='scream'/></zone>";
	struct firewalld_zone zone;
	CHECK(firewalld_zone_read(&zone, trusted, strlen(trusted), "br0", 4010));
	CHECK(zone.accepts && zone.has_bridge && !zone.port_open);
	assert_int_equal(zone.service_count, 2);
	assert_string_equal(zone.services[1], "scream");
	CHECK(!firewalld_zone_read(&zone, "<zone>", 6, "br0", 4010));
	CHECK(!firewalld_zone_read(&zone, "<!DOCTYPE x><zone/>", 19, "br0", 4010));
}

static char dir[] = "/tmp/pierglass-firewall-XXXXXX";

static void put(const char *path, const char *text) {
	char full[300];
	snprintf(full, sizeof full, "%s%s", dir, path);
	for (char *at = full + sizeof dir; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		CHECK(mkdir(full, 0700) == 0 || errno == EEXIST);
		*at = '/';
	}
	FILE *file = fopen(full, "we");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void check_zone(const char *bridge, const char *zone, bool open) {
	struct sysroot root;
	struct firewall wall;
	assert_int_equal(sysroot_open(&root, dir), 0);
	firewall_read(&wall, &root, bridge, 4010);
	sysroot_close(&root);
	CHECK(wall.firewalld && !wall.ufw && !wall.nft_service);
	assert_string_equal(wall.zone, zone);
	CHECK_EQ(wall.firewalld_open, open);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
	(void)st, (void)kind, (void)at;
	return remove(path);
}

/* The files of the distribution, and the administrator's, which stand for those of that name. */
static void files_of_firewalld(void **state) {
	(void)state;
	static const char etc[] = "/etc/firewalld/zones/work.xml";
	CHECK(mkdtemp(dir) != NULL);
	put("/run/firewalld.pid", "812\n");
	check_zone("br0", "public", false);
	put("/etc/firewalld/firewalld.conf", "DefaultZone=work\nLogDenied=off\n");
	put("/usr/lib/firewalld/zones/work.xml", "<zone><port port='4010' protocol='udp'/></zone>");
	check_zone("br0", "work", true);
	put(etc, "<zone/>"); /* the port was taken out */
	check_zone("br0", "work", false);
	put("/usr/lib/firewalld/services/scream.xml",
			"<service><port protocol='udp' port='4000-4010'/></service>");
	put(etc, "<zone><service name='no'/><service name='scream'/></zone>");
	check_zone("br0", "work", true);
	put("/etc/firewalld/services/scream.xml", "<service/>");
	check_zone("br0", "work", false);
	put("/usr/lib/firewalld/zones/trusted.xml", "<zone target='ACCEPT'/>");
	put("/etc/firewalld/zones/trusted.xml",
			"<zone target='ACCEPT'><interface name='br0'/></zone>");
	check_zone("br0", "trusted", true);
	check_zone("br1", "work", false);
	put("/usr/lib/firewalld/zones/libvirt.xml",
			"<zone target='ACCEPT'><rule priority='32767'><reject/></rule>"
			"<service name='dhcp'/><service name='ssh'/></zone>");
	check_zone("virbr0", "libvirt", false);
	CHECK(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}
#else
static void firewalld_zones(void **state) {
	(void)state;
	skip(); /* without libxml2 no zone is read */
}

static void files_of_firewalld(void **state) {
	(void)state;
	skip();
}
#endif

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ufw_rules),
		cmocka_unit_test(firewalld_zones),
		cmocka_unit_test(files_of_firewalld),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
