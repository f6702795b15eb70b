/* eglprobe - print what EGL / OpenGL ES offers on a chosen platform, without a window toolkit.
 * usage: eglprobe surfaceless|device|default|gbm */
#define EGL_EGLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2ext.h>
#include <GLES3/gl3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int has(const char *l, const char *e) {
	if (!l)
		return 0;
	size_t n = strlen(e);
	for (const char *p = l; (p = strstr(p, e)); p += n)
		if ((p == l || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return 1;
	return 0;
}
int main(int c, char **v) {
	const char *plat = c > 1 ? v[1] : "surfaceless";
	int all = c > 2;
	const char *cl = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
	if (all)
		printf("client ext: %s\n", cl ? cl : "-");
	PFNEGLGETPLATFORMDISPLAYEXTPROC gpd = (void *)eglGetProcAddress("eglGetPlatformDisplayEXT");
	EGLDisplay d = EGL_NO_DISPLAY;
	if (!strcmp(plat, "surfaceless"))
		d = gpd(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
	else if (!strcmp(plat, "device")) {
		EGLDeviceEXT dev[8];
		EGLint n = 0;
		PFNEGLQUERYDEVICESEXTPROC q = (void *)eglGetProcAddress("eglQueryDevicesEXT");
		q(8, dev, &n);
		printf("devices=%d\n", n);
		PFNEGLQUERYDEVICESTRINGEXTPROC qs =
				(void *)eglGetProcAddress("eglQueryDeviceStringEXT");
		for (int i = 0; i < n; i++)
			printf(" dev%d ext: %s\n", i, qs(dev[i], EGL_EXTENSIONS));
		if (n)
			d = gpd(EGL_PLATFORM_DEVICE_EXT, dev[0], NULL);
	} else
		d = eglGetDisplay(EGL_DEFAULT_DISPLAY);
	EGLint ma, mi;
	if (!eglInitialize(d, &ma, &mi)) {
		printf("%s: eglInitialize failed 0x%x\n", plat, eglGetError());
		return 1;
	}
	printf("%s: EGL %d.%d vendor=%s apis=%s\n", plat, ma, mi, eglQueryString(d, EGL_VENDOR),
			eglQueryString(d, EGL_CLIENT_APIS));
	const char *ee = eglQueryString(d, EGL_EXTENSIONS);
	if (all)
		printf("EGL ext: %s\n", ee);
	const char *el[] = { "EGL_EXT_image_dma_buf_import",
		"EGL_EXT_image_dma_buf_import_modifiers", "EGL_KHR_image_base",
		"EGL_KHR_fence_sync", "EGL_KHR_wait_sync", "EGL_KHR_no_config_context",
		"EGL_KHR_surfaceless_context", "EGL_EXT_buffer_age", "EGL_KHR_partial_update",
		"EGL_EXT_swap_buffers_with_damage", "EGL_KHR_swap_buffers_with_damage",
		"EGL_ANDROID_native_fence_sync", "EGL_MESA_image_dma_buf_export",
		"EGL_KHR_create_context", "EGL_IMG_context_priority", "EGL_EXT_present_opaque", 0 };
	for (int i = 0; el[i]; i++)
		printf("  %-42s %s\n", el[i], has(ee, el[i]) ? "yes" : "NO");
	EGLint ca[] = { EGL_SURFACE_TYPE,
		strcmp(plat, "default") ? EGL_PBUFFER_BIT : EGL_WINDOW_BIT, EGL_RENDERABLE_TYPE,
		EGL_OPENGL_ES3_BIT, EGL_RED_SIZE, 8, EGL_NONE };
	EGLConfig cfg;
	EGLint n = 0;
	eglChooseConfig(d, ca, &cfg, 1, &n);
	printf("configs(ES3)=%d\n", n);
	eglBindAPI(EGL_OPENGL_ES_API);
	int vv[][2] = { { 3, 2 }, { 3, 1 }, { 3, 0 }, { 2, 0 } };
	EGLContext x = 0;
	for (int i = 0; i < 4 && !x; i++) {
		EGLint a[] = { EGL_CONTEXT_MAJOR_VERSION, vv[i][0], EGL_CONTEXT_MINOR_VERSION,
			vv[i][1], EGL_NONE };
		x = eglCreateContext(d, n ? cfg : EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, a);
		if (x)
			printf("created ES %d.%d\n", vv[i][0], vv[i][1]);
	}
	if (!x)
		return 1;
	if (!eglMakeCurrent(d, EGL_NO_SURFACE, EGL_NO_SURFACE, x)) {
		printf("makecurrent 0x%x\n", eglGetError());
		return 1;
	}
	printf("GL_VERSION=%s\nGL_RENDERER=%s\nGLSL=%s\n", glGetString(GL_VERSION),
			glGetString(GL_RENDERER), glGetString(GL_SHADING_LANGUAGE_VERSION));
	const char *ge = (const char *)glGetString(GL_EXTENSIONS);
	if (all)
		printf("GL ext: %s\n", ge);
	const char *gl[] = { "GL_EXT_buffer_storage", "GL_EXT_map_buffer_range",
		"GL_EXT_disjoint_timer_query", "GL_EXT_memory_object", "GL_EXT_memory_object_fd",
		"GL_EXT_semaphore", "GL_EXT_semaphore_fd", "GL_OES_EGL_image",
		"GL_OES_EGL_image_external", "GL_OES_EGL_image_external_essl3",
		"GL_EXT_EGL_image_storage", "GL_OES_EGL_sync", "GL_EXT_texture_format_BGRA8888",
		"GL_EXT_unpack_subimage", "GL_EXT_texture_norm16", "GL_EXT_color_buffer_float",
		"GL_EXT_color_buffer_half_float", "GL_OES_texture_float_linear",
		"GL_OES_texture_half_float_linear", "GL_KHR_debug", "GL_EXT_texture_storage",
		"GL_EXT_shader_framebuffer_fetch", "GL_EXT_copy_image", "GL_NV_pack_subimage",
		"GL_EXT_read_format_bgra", "GL_EXT_texture_compression_s3tc",
		"GL_EXT_texture_type_2_10_10_10_REV", 0 };
	for (int i = 0; gl[i]; i++)
		printf("  %-42s %s\n", gl[i], has(ge, gl[i]) ? "yes" : "NO");
	GLint ts;
	glGetIntegerv(GL_MAX_TEXTURE_SIZE, &ts);
	printf("MAX_TEXTURE_SIZE=%d\n", ts);
	/* exercise: persistent map, fence, timer query */
	PFNGLBUFFERSTORAGEEXTPROC bs = (void *)eglGetProcAddress("glBufferStorageEXT");
	if (bs) {
		GLuint b;
		glGenBuffers(1, &b);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, b);
		bs(GL_PIXEL_UNPACK_BUFFER, 16 << 20, NULL,
				GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT_EXT |
						GL_MAP_COHERENT_BIT_EXT);
		void *p = glMapBufferRange(GL_PIXEL_UNPACK_BUFFER, 0, 16 << 20,
				GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT_EXT |
						GL_MAP_COHERENT_BIT_EXT);
		printf("persistent coherent map of a PBO: %s err=0x%x\n", p ? "ok" : "fail",
				glGetError());
	}
	GLsync s = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	printf("glFenceSync/ClientWait: 0x%x\n",
			glClientWaitSync(s, GL_SYNC_FLUSH_COMMANDS_BIT, 1000000000));
	PFNGLGETQUERYOBJECTUI64VEXTPROC gq = (void *)eglGetProcAddress("glGetQueryObjectui64vEXT");
	PFNGLBEGINQUERYEXTPROC bq = (void *)eglGetProcAddress("glBeginQueryEXT");
	if (has(ge, "GL_EXT_disjoint_timer_query") && gq && bq) {
		GLuint q, fb, rb;
		glGenFramebuffers(1, &fb);
		glBindFramebuffer(GL_FRAMEBUFFER, fb);
		glGenRenderbuffers(1, &rb);
		glBindRenderbuffer(GL_RENDERBUFFER, rb);
		glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, 1920, 1080);
		glFramebufferRenderbuffer(
				GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, rb);
		glViewport(0, 0, 1920, 1080);
		glGenQueries(1, &q);
		glBeginQuery(GL_TIME_ELAPSED_EXT, q);
		glClear(GL_COLOR_BUFFER_BIT);
		glEndQuery(GL_TIME_ELAPSED_EXT);
		GLuint64 t = 0;
		gq(q, GL_QUERY_RESULT, &t);
		printf("timer query: %llu ns err=0x%x\n", (unsigned long long)t, glGetError());
	}
	return 0;
}
