/* ext-data-control-v1: KDE, and compositors of the wlroots family since 2025. */
#include <ext-data-control-v1.h>

#define CONTROL(object, what)  ext_data_control_##object##_v1_##what
#define CONTROL_OBJECT(object) ext_data_control_##object##_v1
#include "client/clipboard/clipboard_wayland_control.h"

const struct wayland_protocol wayland_ext = { .name = "ext-data-control", CONTROL_TABLE };
