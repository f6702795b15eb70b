/* Fingers on the window, as the mouse that they stand for. */
#include "client/window/window_input_internal.h"

/* A place that the guest's pointer really goes to. */
static bool can_place(struct window_input *input, const struct pointer_point *point) {
	return input->state.absolute || input->guest.known ||
	       input->hooks.move_pointer((int)point->x, (int)point->y, input->hooks.data) >= 0;
}

/* As a mouse would. */
static void touch_step(struct window_input *input, const struct touch_step *step, uint64_t now_ns) {
	struct pointer_point point;
	SDL_MouseButtonEvent button = { .type = step->pressed ? SDL_MOUSEBUTTONDOWN
							      : SDL_MOUSEBUTTONUP,
		.button = SDL_BUTTON_LEFT,
		.x = (int)step->x,
		.y = (int)step->y };
	switch (step->kind) {
	case TOUCH_PLACE:
		input->aligned = false;
		if (!window_input_point_at(input, button.x, button.y, &point) ||
				!can_place(input, &point)) {
			touch_cancel(&input->touch);
			break;
		}
		window_input_point_to(input, &point, 0, 0, now_ns);
		break;
	case TOUCH_MOVE:
		if (window_input_point_at(input, button.x, button.y, &point)) {
			input->aligned = input->aligned && input->config.scale_cursor;
			window_input_point_to(input, &point, 0, 0, now_ns);
		}
		break;
	case TOUCH_BUTTON:
		window_input_button(input, &button, now_ns);
		break;
	case TOUCH_WHEEL:
		window_input_send(input, (struct guest_input_event){ .time_ns = now_ns,
							 .kind = INPUT_WHEEL,
							 .x = (int32_t)step->x,
							 .y = (int32_t)step->y });
		break;
	}
}

void window_input_touch_steps(
		struct window_input *input, const struct touch_steps *steps, uint64_t now_ns) {
	for (unsigned i = 0; i < steps->count; i++) {
		touch_step(input, &steps->step[i], now_ns);
	}
}

/* Touchpads are the desktop's; a captured pointer is nowhere. */
bool window_input_finger(
		struct window_input *input, const SDL_TouchFingerEvent *event, uint64_t now_ns) {
	struct touch_steps steps;
	const double x = (double)event->x * input->state.window_width;
	const double y = (double)event->y * input->state.window_height;
	const SDL_TouchDeviceType device = SDL_GetTouchDeviceType(event->touchId);
	if (device == SDL_TOUCH_DEVICE_INDIRECT_ABSOLUTE ||
			device == SDL_TOUCH_DEVICE_INDIRECT_RELATIVE) {
		return false;
	}
	if (event->type == SDL_FINGERDOWN) {
		touch_down(&input->touch, event->fingerId, x, y, now_ns, &steps);
		if (input->captured || !window_input_forwards(input)) {
			touch_cancel(&input->touch);
			return false;
		}
	} else if (event->type == SDL_FINGERMOTION) {
		touch_motion(&input->touch, event->fingerId, x, y, &steps);
	} else {
		touch_up(&input->touch, event->fingerId, &steps);
	}
	window_input_touch_steps(input, &steps, now_ns);
	return input->inside;
}
