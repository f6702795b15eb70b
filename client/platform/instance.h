/*
 * One window per VM: a control socket in $XDG_RUNTIME_DIR/pierglass named after what is shown. A
 * second start finds it taken, asks the first to come to the front, and leaves.
 */
#pragma once

struct instance;
struct loop;

/*
 * key: what may be shown once (the shared memory's path, or the domain). Returns 0 with an instance
 * that calls raise on the loop's thread for each later start; 1 if another one has it and was asked
 * to come to the front; or a negative errno (no runtime folder: then nothing is guarded, go on).
 */
int instance_create(struct instance **ret_instance, struct loop *loop, const char *key,
		void (*raise)(void *data), void *data);
void instance_destroy(struct instance *instance);
