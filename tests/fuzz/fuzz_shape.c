/* Any body to any operation: the first byte chooses the operation, the rest is the body. An error
 * is one of two, with a text that is UTF-8; what is accepted breaks no constraint when it is looked
 * at again by the walk that tells violations. */
#include "api/shape_int.h"
#include "api/shape_read.h"
#include "base/check.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const struct model_operation *operation = &model_operations[data[0] % MODEL_OPERATION_COUNT];
    struct scope scope = {.arena = arena_new(256 << 20), .scratch = arena_new(64 << 20)};
    char *body = malloc(size); /* exactly, so that the sanitizer sees a read past the end */
    CHECK(body != NULL);
    memcpy(body, data + 1, size - 1);
    body = realloc(body, size - 1 ? size - 1 : 1);
    CHECK(body != NULL);
    void *in = NULL;
    if (shape_read(&scope, operation->input, (str){body, size - 1}, &in) == ST_OK) {
        CHECK(scope.error == ERROR_NONE && in != NULL);
        CHECK(shape_tell_violations(&scope, &shapes[operation->input], in) == ST_OK);
    } else {
        CHECK(scope.error == ERROR_ValidationException ||
              scope.error == ERROR_SerializationException);
        CHECK(utf8_valid(scope.error_text));
        CHECK(in == NULL);
    }
    free(body);
    arena_free(scope.arena);
    arena_free(scope.scratch);
    return 0;
}
