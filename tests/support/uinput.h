/*
 * Real kernel input devices for tests, through /dev/uinput, and a bystander: a second reader of a
 * node, as the host's desktop is one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct uinput_device;

/* A keyboard with lights, a mouse with five buttons and a fine wheel, or both. Waits for its node.
 * Returns 0 or a negative errno. */
int uinput_create(struct uinput_device **ret_device, const char *name, bool keyboard, bool mouse);
/* Unplugs it. */
void uinput_destroy(struct uinput_device *device);
const char *uinput_node(const struct uinput_device *device);

void uinput_emit(struct uinput_device *device, unsigned type, unsigned code, int32_t value);
/* One report. */
void uinput_key(struct uinput_device *device, unsigned code, bool pressed);
/* The lights that readers have set so far (enum input_led). */
unsigned uinput_leds(struct uinput_device *device);

struct bystander;
int bystander_open(struct bystander **ret_bystander, const char *node);
void bystander_close(struct bystander *bystander);
/* Reads what there is; how many events of this type it has seen since the last call. */
unsigned bystander_seen(struct bystander *bystander, unsigned type);
/* Keys that it saw pressed and not released. */
unsigned bystander_held(struct bystander *bystander);
/* 0 or a negative errno. */
int bystander_grab(struct bystander *bystander, bool on);
