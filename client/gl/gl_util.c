#define LOG_MODULE "gl"
#include "client/gl/gl_util.h"

#include <string.h>

#include "client/gl/gl.h"

#include "base/log.h"

bool gl_has_extension(const char *name) {
	GLint count = 0;
	glGetIntegerv(GL_NUM_EXTENSIONS, &count);
	for (GLint i = 0; i < count; i++) {
		const char *extension = (const char *)glGetStringi(GL_EXTENSIONS, (GLuint)i);
		if (extension && strcmp(extension, name) == 0) {
			return true;
		}
	}
	return false;
}

unsigned gl_clear_errors(void) {
	unsigned first = 0;
	/* A lost context reports the same error for ever. */
	for (int i = 0; i < 16; i++) {
		const GLenum error = glGetError();
		if (error == GL_NO_ERROR) {
			break;
		}
		first = first == 0 ? error : first;
	}
	return first;
}

static GLuint compile(GLenum type, const char *defines, const char *common, const char *source) {
	const char *const parts[] = { "#version 300 es\n", defines,
		"precision highp float;\nprecision highp int;\nprecision highp sampler2D;\n",
		common, source };
	const GLuint shader = glCreateShader(type);
	glShaderSource(shader, 5, parts, NULL);
	glCompileShader(shader);
	GLint ok = 0;
	glGetShaderiv(shader, GL_COMPILE_STATUS, &ok);
	if (!ok) {
		char text[800] = "";
		glGetShaderInfoLog(shader, sizeof text, NULL, text);
		log_error("shader: %s", text);
		glDeleteShader(shader);
		return 0;
	}
	return shader;
}

unsigned gl_program(
		const char *defines, const char *common, const char *vertex, const char *fragment) {
	const GLuint v = compile(GL_VERTEX_SHADER, defines, "", vertex);
	const GLuint f = compile(GL_FRAGMENT_SHADER, defines, common, fragment);
	GLuint program = 0;
	if (v != 0 && f != 0) {
		program = glCreateProgram();
		glAttachShader(program, v);
		glAttachShader(program, f);
		glLinkProgram(program);
		GLint ok = 0;
		glGetProgramiv(program, GL_LINK_STATUS, &ok);
		if (!ok) {
			char text[800] = "";
			glGetProgramInfoLog(program, sizeof text, NULL, text);
			log_error("program: %s", text);
			glDeleteProgram(program);
			program = 0;
		}
	}
	glDeleteShader(v);
	glDeleteShader(f);
	return program;
}
