/* sdlprobe - open an SDL2 window with EGL + OpenGL ES 3, draw frames, print events until closed or
 * --seconds pass. */
#include <EGL/egl.h>
#include <GLES3/gl3.h>
#include <SDL2/SDL.h>
#include <SDL2/SDL_syswm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}
int main(int c, char **v) {
	double secs = c > 1 ? atof(v[1]) : 3;
	int w = c > 2 ? atoi(v[2]) : 640, h = c > 3 ? atoi(v[3]) : 480;
	SDL_SetHint(SDL_HINT_VIDEO_X11_FORCE_EGL, "1");
	if (SDL_Init(SDL_INIT_VIDEO)) {
		printf("SDL_Init: %s\n", SDL_GetError());
		return 1;
	}
	SDL_version ver;
	SDL_GetVersion(&ver);
	printf("SDL %d.%d.%d driver=%s\n", ver.major, ver.minor, ver.patch,
			SDL_GetCurrentVideoDriver());
	SDL_GL_SetAttribute(SDL_GL_CONTEXT_PROFILE_MASK, SDL_GL_CONTEXT_PROFILE_ES);
	SDL_GL_SetAttribute(SDL_GL_CONTEXT_MAJOR_VERSION, 3);
	SDL_GL_SetAttribute(SDL_GL_CONTEXT_MINOR_VERSION, 0);
	SDL_Window *win = SDL_CreateWindow("sdlprobe", SDL_WINDOWPOS_CENTERED,
			SDL_WINDOWPOS_CENTERED, w, h,
			SDL_WINDOW_OPENGL | SDL_WINDOW_RESIZABLE |
					(getenv("FS") ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0));
	if (!win) {
		printf("CreateWindow: %s\n", SDL_GetError());
		return 1;
	}
	SDL_GLContext x = SDL_GL_CreateContext(win);
	if (!x) {
		printf("CreateContext: %s\n", SDL_GetError());
		return 1;
	}
	printf("EGL ctx=%s display=%p GL=%s | %s\n", eglGetCurrentContext() ? "EGL" : "not EGL",
			(void *)eglGetCurrentDisplay(), glGetString(GL_VERSION),
			glGetString(GL_RENDERER));
	if (eglGetCurrentDisplay()) {
		const char *e = eglQueryString(eglGetCurrentDisplay(), EGL_EXTENSIONS);
		printf("dmabuf_import=%d buffer_age=%d swap_damage=%d ext: %s\n",
				!!strstr(e, "EGL_EXT_image_dma_buf_import"),
				!!strstr(e, "EGL_EXT_buffer_age"),
				!!strstr(e, "swap_buffers_with_damage"), getenv("ALLEXT") ? e : "");
	}
	printf("swapinterval(1)=%d; relative mouse=%d\n", SDL_GL_SetSwapInterval(1),
			getenv("REL") ? SDL_SetRelativeMouseMode(1) : -9);
	if (getenv("GRAB")) {
		SDL_SetWindowGrab(win, 1);
		SDL_SetWindowKeyboardGrab(win, 1);
	}
	fflush(stdout);
	double t0 = now(), tl = t0;
	int n = 0;
	while (now() - t0 < secs) {
		SDL_Event e;
		while (SDL_PollEvent(&e)) {
			if (e.type == SDL_KEYDOWN || e.type == SDL_KEYUP)
				printf("%.6f key %s sc=%d %s\n", now(),
						e.type == SDL_KEYDOWN ? "down" : "up",
						e.key.keysym.scancode,
						SDL_GetScancodeName(e.key.keysym.scancode));
			else if (e.type == SDL_MOUSEMOTION)
				printf("motion %d,%d rel %d,%d\n", e.motion.x, e.motion.y,
						e.motion.xrel, e.motion.yrel);
			else if (e.type == SDL_MOUSEBUTTONDOWN || e.type == SDL_MOUSEBUTTONUP)
				printf("button %d %d\n", e.button.button, e.button.state);
			else if (e.type == SDL_MOUSEWHEEL)
				printf("wheel %d\n", e.wheel.y);
			else if (e.type == SDL_WINDOWEVENT)
				printf("winevent %d %d %d\n", e.window.event, e.window.data1,
						e.window.data2);
			else if (e.type == SDL_TEXTINPUT)
				printf("text '%s'\n", e.text.text);
			else if (e.type == SDL_CLIPBOARDUPDATE) {
				char *s = SDL_GetClipboardText();
				printf("clipboard '%s'\n", s);
				SDL_free(s);
			} else if (e.type == SDL_QUIT) {
				printf("quit\n");
				goto out;
			}
			fflush(stdout);
		}
		int ww, hh;
		SDL_GL_GetDrawableSize(win, &ww, &hh);
		glViewport(0, 0, ww, hh);
		glClearColor((n % 60) / 60.0f, 0.3f, 0.6f, 1);
		glClear(GL_COLOR_BUFFER_BIT);
		glEnable(GL_SCISSOR_TEST);
		glScissor(ww / 4, hh / 4, ww / 2, hh / 2);
		glClearColor(1, 0.8f, 0, 1);
		glClear(GL_COLOR_BUFFER_BIT);
		glDisable(GL_SCISSOR_TEST);
		SDL_GL_SwapWindow(win);
		n++;
		if (n == 1)
			printf("first frame %.3fs\n", now() - t0);
		if (!getenv("FAST"))
			SDL_Delay(5);
	}
out:
	printf("frames=%d fps=%.1f\n", n, n / (now() - t0));
	(void)tl;
	SDL_Quit();
	return 0;
}
