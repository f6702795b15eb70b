/* The figures of --bench=video as a table and as JSON. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "client/bench/bench_video_internal.h"

static void json_setup(
		const struct bench *bench, const struct bench_result *result, struct json *json) {
	const struct guest_options *guest = &bench->config->guest;
	const struct video_host *host = &result->status.host;
	json_string(json, "bench", "video");
	json_string(json, "host", host->lgmp == 5 ? "B6" : host->lgmp == 6 ? "B7" : host->version);
	json_int(json, "kvmfr", host->kvmfr);
	json_int(json, "width", result->status.width);
	json_int(json, "height", result->status.height);
	if (bench->demo) {
		json_string(json, "format", demo_format_name(guest->format));
		json_number(json, "fps", guest->fps);
	} else {
		json_null(json, "format"); /* whatever the VM sends */
		json_null(json, "fps");
	}
	json_number(json, "seconds", result->seconds);
	/* "x11 shm": an X11 window whose pixels are put there through shared memory. */
	char window[sizeof result->after.window];
	snprintf(window, sizeof window, "%s", result->after.window);
	char *how = strchr(window, ' ');
	if (how) {
		*how++ = '\0';
	}
	json_string(json, "window", window);
	json_string(json, "present", how ? how : "egl");
	json_string(json, "renderer", result->after.renderer);
	json_string(json, "upload", result->after.upload);
	json_string(json, "poll", result->after.poll);
	json_bool(json, "pinned", bench->demo != NULL && bench->config->bench.pin);
}

static uint64_t dropped(const struct bench_sum *sum) {
	return sum->posted > sum->shown ? sum->posted - sum->shown : 0;
}

static void json_result(const struct bench *bench, struct bench_result *result, struct json *json) {
	struct bench_sum *sum = &result->sum;
	if (bench->demo) {
		json_int(json, "posted", (int64_t)sum->posted);
		json_int(json, "refused", (int64_t)sum->refused);
	} else {
		json_null(json, "posted");
		json_null(json, "refused");
	}
	json_int(json, "superseded",
			(int64_t)(result->after.superseded - result->before.superseded));
	json_int(json, "seen", (int64_t)(result->after.seen - result->before.seen));
	json_int(json, "shown", (int64_t)sum->shown);
	if (bench->demo) {
		json_int(json, "dropped", (int64_t)dropped(sum));
	} else {
		json_null(json, "dropped");
	}
}

static void json_rest(struct bench_result *result, struct json *json) {
	json_object(json, "us");
	for (unsigned i = 0; i < BENCH_STAGES; i++) {
		samples_json(&result->sum.stages[i], json, bench_stage_names[i]);
	}
	json_end(json);
	json_number(json, "cpu_us_per_frame", result->cpu_us);
	json_number(json, "cpu_percent", result->cpu_percent);
	json_number(json, "poll_cpu_percent", result->lgmp_cpu_percent);
}

static void json_known(struct json *json, const char *key, double value, bool known) {
	if (known) {
		json_number(json, key, value);
	} else {
		json_null(json, key);
	}
}

static void json_floors(const struct bench_floors *floors, struct json *json) {
	const struct bench_floor *plain = &floors->plain;
	json_known(json, "copy_us", plain->copy_us, plain->frames > 0);
	json_known(json, "follow_us", floors->follow_us, floors->follow_us > 0);
	json_known(json, "floor_us", plain->us, plain->frames > 0);
	json_known(json, "floor_cpu_us", plain->cpu_us, plain->frames > 0);
}

static double per_second(const struct bench_player *player, uint64_t count) {
	return (double)count / player->seconds;
}

/* The tree of processes that a player has, of the real pierglass. */
static void json_player(const struct bench_player *player, struct json *json) {
	json_known(json, "tree_cpu_us_per_frame", player->cpu_us,
			player->known && player->frames > 0);
	json_known(json, "tree_cpu_percent", player->cpu_percent, player->known);
	json_known(json, "tree_shown", (double)player->frames, player->known);
	json_array(json, "tree");
	for (unsigned i = 0; i < player->to.count; i++) {
		const struct bench_process *process = &player->to.processes[i];
		const struct bench_process before = bench_tree_before(&player->from, process);
		json_object(json, NULL);
		json_string(json, "name", process->name);
		json_number(json, "cpu_percent",
				per_second(player, process->cpu_ns - before.cpu_ns) / 1e7);
		json_number(json, "wakes_per_second",
				per_second(player, process->wakes - before.wakes));
		json_end(json);
	}
	json_end(json);
}

static void print_player(const struct bench_player *player, const struct bench_floor *floor) {
	if (!player->known) {
		return;
	}
	printf("\nplaying, all processes %10.2f %% of a core\n", player->cpu_percent);
	if (player->frames > 0) {
		printf("per shown frame        %10.0f us", player->cpu_us);
	}
	if (player->frames > 0 && floor->frames > 0 && floor->cpu_us > 0) {
		printf("   %.2f of the floor's %.0f us", player->cpu_us / floor->cpu_us,
				floor->cpu_us);
	}
	for (unsigned i = 0; i < player->to.count; i++) {
		const struct bench_process *process = &player->to.processes[i];
		const struct bench_process before = bench_tree_before(&player->from, process);
		printf("%s  %-20s %10.2f %%  %8.1f wake-ups a second",
				i > 0 || player->frames > 0 ? "\n" : "", process->name,
				per_second(player, process->cpu_ns - before.cpu_ns) / 1e7,
				per_second(player, process->wakes - before.wakes));
	}
	putchar('\n');
}

/* torn: the run of its own that read the pixels back; its shown count is 0 when there was none. */
static void print_json(const struct bench *bench, struct bench_result *result,
		const struct bench_result *torn, const struct bench_floors *floors) {
	struct json json;
	json_begin(&json, stdout);
	json_setup(bench, result, &json);
	json_result(bench, result, &json);
	if (torn->sum.shown > 0) {
		json_int(&json, "torn", (int64_t)torn->sum.torn);
		json_int(&json, "torn_checked", (int64_t)torn->sum.shown);
	} else {
		json_null(&json, "torn");
		json_int(&json, "torn_checked", 0);
	}
	json_rest(result, &json);
	json_floors(floors, &json);
	json_player(&bench->player, &json);
	json_number(&json, "start_ms", result->start_ms);
	json_int(&json, "rss_kib", result->rss_kib);
	json_int(&json, "machine_steal_ms", result->steal_ms);
	if (result->recording.offered > 0) {
		json_int(&json, "record_offered", (int64_t)result->recording.offered);
		json_int(&json, "record_missed", (int64_t)result->recording.missed);
	}
	json_finish(&json);
}

static void print_stages(struct bench_sum *sum) {
	printf("\n%-22s %10s %10s %10s %10s\n", "microseconds", "p50", "p95", "p99", "max");
	for (unsigned i = 0; i < BENCH_STAGES; i++) {
		struct samples *samples = &sum->stages[i];
		if (samples->total == 0) {
			continue;
		}
		printf("%-22s %10.0f %10.0f %10.0f %10.0f\n", bench_stage_names[i],
				samples_percentile(samples, 0.5), samples_percentile(samples, 0.95),
				samples_percentile(samples, 0.99), samples->max);
	}
}

static void print_table(const struct bench *bench, struct bench_result *result,
		const struct bench_result *torn, const struct bench_floors *floors) {
	const struct bench_floor *floor = &floors->plain;
	const struct video_status *status = &result->status;
	struct bench_sum *sum = &result->sum;
	printf("%ux%u, LGMP %u, KVMFR %u, %s, upload %s, poll %s, %.1f s\n%s\n\n", status->width,
			status->height, status->host.lgmp, status->host.kvmfr, result->after.window,
			result->after.upload, result->after.poll, result->seconds,
			result->after.renderer);
	if (bench->demo) {
		printf("posted %llu, refused %llu, dropped %llu, ", (unsigned long long)sum->posted,
				(unsigned long long)sum->refused, (unsigned long long)dropped(sum));
	}
	printf("seen %llu, shown %llu, superseded %llu",
			(unsigned long long)(result->after.seen - result->before.seen),
			(unsigned long long)sum->shown,
			(unsigned long long)(result->after.superseded - result->before.superseded));
	if (torn->sum.shown > 0) {
		printf(", torn %llu of %llu", (unsigned long long)torn->sum.torn,
				(unsigned long long)torn->sum.shown);
	}
	if (result->recording.offered > 0) {
		printf(", recorded %llu of %llu",
				(unsigned long long)(result->recording.offered -
						     result->recording.missed),
				(unsigned long long)result->recording.offered);
	}
	putchar('\n');
	print_stages(sum);
	printf("\nCPU, all threads       %10.2f %% of a core\n", result->cpu_percent);
	printf("CPU per shown frame    %10.0f us", result->cpu_us);
	if (floor->frames > 0 && floor->cpu_us > 0) {
		printf("   %.2f of the floor's %.0f us\n", result->cpu_us / floor->cpu_us,
				floor->cpu_us);
		printf("floor, wall            %10.0f us\n", floor->us);
		printf("copy of one frame      %10.0f us", floor->copy_us);
	}
	if (floors->follow_us > 0) {
		printf("\nwritten to released, by the plainest follower %.0f us",
				floors->follow_us);
	}
	print_player(&bench->player, floor);
	printf("\nlooking for frames     %10.2f %% of a core\n", result->lgmp_cpu_percent);
	printf("start to first picture %10.0f ms\nmemory                 %10ld KiB\n"
	       "stolen by other VMs    %10ld ms\n",
			result->start_ms, result->rss_kib, result->steal_ms);
}

void bench_report_row(const struct bench *bench, struct bench_result *result, struct json *json) {
	if (bench->config->json) {
		json_object(json, NULL);
		json_setup(bench, result, json);
		json_result(bench, result, json);
		json_rest(result, json);
		json_end(json);
		return;
	}
	struct samples *stages = result->sum.stages;
	printf("%-8s %-11s %8llu %8llu %10.0f %10.0f %10.0f %9.0f %7.2f\n", result->after.poll,
			result->after.upload, (unsigned long long)result->sum.posted,
			(unsigned long long)result->sum.shown, samples_percentile(&stages[0], 0.5),
			samples_percentile(&stages[BENCH_WRITTEN_TO_RELEASED], 0.5),
			samples_percentile(&stages[5], 0.5), result->cpu_us,
			result->lgmp_cpu_percent);
}

void bench_report_head(void) {
	printf("%-8s %-11s %8s %8s %10s %10s %10s %9s %7s\n", "poll", "upload", "posted", "shown",
			"seen us", "release us", "swapped us", "cpu us", "poll %");
}

void bench_report(const struct bench *bench, struct bench_result *result,
		const struct bench_result *torn, const struct bench_floors *floors) {
	if (bench->config->json) {
		print_json(bench, result, torn, floors);
	} else {
		print_table(bench, result, torn, floors);
	}
}
