/* mcast - Scream-shaped UDP multicast: send N packets of 5+1152 bytes to 239.255.77.77:4010, or
 * receive and count. usage: mcast send COUNT GAP_US | mcast recv COUNT SECONDS [IFADDR] */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
int main(int c, char **v) {
	if (c < 4)
		return 2;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in a = { 0 };
	a.sin_family = AF_INET;
	a.sin_port = htons(4010);
	unsigned char b[2048] = { 1, 16, 2, 3, 0 };
	int n = atoi(v[2]);
	if (!strcmp(v[1], "send")) {
		a.sin_addr.s_addr = inet_addr("239.255.77.77");
		int bad = 0;
		for (int i = 0; i < n; i++) {
			memcpy(b + 5, &i, 4);
			if (sendto(s, b, 1157, 0, (void *)&a, sizeof a) != 1157)
				bad++;
			usleep(atoi(v[3]));
		}
		printf("sent %d bad %d\n", n, bad);
		return bad != 0;
	}
	int one = 1;
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	a.sin_addr.s_addr = INADDR_ANY;
	if (bind(s, (void *)&a, sizeof a)) {
		perror("bind");
		return 1;
	}
	struct ip_mreq m;
	m.imr_multiaddr.s_addr = inet_addr("239.255.77.77");
	m.imr_interface.s_addr = c > 4 ? inet_addr(v[4]) : INADDR_ANY;
	if (setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m)) {
		perror("join");
		return 1;
	}
	struct timeval tv = { 0, 200000 };
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	time_t end = time(0) + atoi(v[3]);
	int got = 0;
	while (got < n && time(0) < end) {
		if (recv(s, b, sizeof b, 0) == 1157)
			got++;
	}
	printf("received %d of %d\n", got, n);
	return got == n ? 0 : 1;
}
