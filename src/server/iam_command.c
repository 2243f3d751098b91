#include "server/iam_command.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cloud/web_client.h"
#include "iam/access.h"
#include "identity_api/xml.h"

enum { INDENT = 2 };

/* ---- printing ---- */

static bool is_document(str name) {
    static const str end = STR_INIT("Document");
    return name.len >= end.len && str_eq(str_slice(name, name.len - end.len, name.len), end);
}

/* A terminal obeys control characters, which no text of ours has. */
static void print_text(str text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        putchar(c < 0x20 || c == 0x7f ? ' ' : c);
    }
}

static str readable(str name, str text, struct arena *arena) {
    str plain = xml_unescape(text, arena), document;
    return is_document(name) && form_unescape(plain, false, arena, &document) ? document : plain;
}

/* Elements become lines, deeper ones further right; those of lists begin with a dash. Whether an
 * element holds a text or others is only known at what follows its name. */
struct outline {
    size_t level;
    str pending; /* name of an element that has just begun */
    bool leaf;   /* the next end is that of a text */
    bool dash;   /* before the next line */
};

static void print_line(struct outline *outline, str name, str text) {
    size_t blanks = outline->level * INDENT;
    bool is_member = str_eq(name, STR("member"));
    if (is_member)
        outline->dash = true;
    else if (outline->dash && blanks >= INDENT)
        blanks -= INDENT;
    for (size_t i = 0; i < blanks; i++)
        putchar(' ');
    if (outline->dash)
        fputs("- ", stdout);
    outline->dash = false;
    if (!is_member)
        printf("%.*s:%s", STR_ARG(name), text.len > 0 ? " " : "");
    print_text(text);
    putchar('\n');
}

static void element_begins(struct outline *outline, str name) {
    if (str_eq(outline->pending, STR("member")))
        outline->dash = true;
    else if (outline->pending.ptr != NULL)
        print_line(outline, outline->pending, (str){});
    if (outline->pending.ptr != NULL)
        outline->level++;
    outline->pending = name;
}

static void element_ends(struct outline *outline) {
    if (outline->pending.ptr != NULL && !str_eq(outline->pending, STR("member")))
        print_line(outline, outline->pending, (str){});
    else if (outline->pending.ptr == NULL && !outline->leaf && outline->level > 0)
        outline->level--;
    outline->pending = (str){};
    outline->leaf = false;
}

static void print_result(str xml, str result, struct arena *arena) {
    struct xml_reader reader = {.rest = xml};
    struct outline outline = {};
    bool inside = false;
    for (;;) {
        enum xml_token token = xml_next(&reader);
        if (token == XML_DONE || token == XML_BROKEN)
            return;
        if (token != XML_TEXT && str_eq(reader.text, result)) {
            inside = token == XML_BEGIN;
        } else if (!inside) {
            continue;
        } else if (token == XML_BEGIN) {
            element_begins(&outline, reader.text);
        } else if (token == XML_END) {
            element_ends(&outline);
        } else if (outline.pending.ptr != NULL) {
            print_line(&outline, outline.pending, readable(outline.pending, reader.text, arena));
            outline.pending = (str){};
            outline.leaf = true;
        }
    }
}

/* The text of the first element of that name; absent: there is none. */
static str find_text(str xml, str name, struct arena *arena) {
    struct xml_reader reader = {.rest = xml};
    bool found = false;
    for (;;) {
        enum xml_token token = xml_next(&reader);
        if (token == XML_DONE || token == XML_BROKEN)
            return (str){NULL, 0};
        if (token == XML_TEXT && found)
            return xml_unescape(reader.text, arena);
        found = token == XML_BEGIN && str_eq(reader.text, name);
    }
}

static int print_answer(const struct iam_words *words, long http_status, str body,
                        struct arena *arena) {
    str code = find_text(body, STR("Code"), arena);
    if (words->xml && (http_status == 200 || code.ptr != NULL))
        printf("%.*s", STR_ARG(body));
    else if (http_status == 200)
        print_result(body, arena_printf(arena, "%.*sResult", STR_ARG(words->operation->action)),
                     arena);
    if (http_status == 200)
        return EXIT_SUCCESS;
    if (code.ptr != NULL)
        fprintf(stderr, "stator: %.*s: %.*s\n", STR_ARG(code),
                STR_ARG(find_text(body, STR("Message"), arena)));
    else
        fprintf(stderr,
                "stator: %s answered %ld, as no server does that verifies signatures (--auth)\n",
                words->endpoint, http_status);
    return EXIT_FAILURE;
}

/* ---- on a database ---- */

static struct principal *root_of(const struct database *database) {
    struct principal *root = principal_new();
    root->kind = PRINCIPAL_ROOT;
    root->account = arena_copy(root->arena, database->account_id);
    root->arn = arena_printf(root->arena, "arn:aws:iam::%.*s:root", STR_ARG(root->account));
    root->user_id = root->account;
    root->expires_us = INT64_MAX;
    principal_ready(root);
    return root;
}

int iam_command_here(const struct iam_words *words, struct database *database,
                     struct identities *identities, struct arena *arena) {
    struct identity_answer answer;
    struct identity_request request = {.arena = arena,
                                       .now_us = clock_wall_us(),
                                       .principal = root_of(database),
                                       .account_id = database->account_id,
                                       .region = database->region,
                                       .source_ip = STR("127.0.0.1"),
                                       .user_agent = STR("stator"),
                                       .secure_transport = true};
    if (identity_request_read(&request, words->form, &answer))
        identity_request_run(identities, &request, &answer);
    principal_unref(request.principal);
    return print_answer(words, answer.http_status, answer.body, arena);
}

/* ---- against a server ---- */

static const char *environment(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : otherwise;
}

int iam_command_there(const struct iam_words *words, struct arena *arena) {
    const char *problem, *id = environment("AWS_ACCESS_KEY_ID", NULL);
    const char *secret = environment("AWS_SECRET_ACCESS_KEY", NULL);
    const char *token = environment("AWS_SESSION_TOKEN", NULL);
    const char *region = environment("AWS_REGION", environment("AWS_DEFAULT_REGION", "us-east-1"));
    atomic_bool stop = false;
    str body, failed;
    if (id == NULL || secret == NULL) {
        fprintf(stderr, "stator: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment "
                        "say who asks; they are not set\n");
        return EXIT_FAILURE;
    }
    struct web_client *client = web_client_new(&stop, &problem);
    if (client == NULL) {
        fprintf(stderr, "stator: %s\n", problem);
        return EXIT_FAILURE;
    }
    str service = identity_service_name(words->operation->service);
    const char *headers[] = {
        "Content-Type: application/x-www-form-urlencoded",
        token != NULL ? arena_printf(arena, "X-Amz-Security-Token: %s", token).ptr : NULL};
    struct web_post post = {
        .url = words->endpoint,
        .signing = arena_printf(arena, "aws:amz:%s:%.*s", region, STR_ARG(service)).ptr,
        .credentials = arena_printf(arena, "%s:%s", id, secret).ptr,
        .headers = headers,
        .header_count = token != NULL ? 2 : 1,
        .body = words->form,
        .ca_file = words->ca_file != NULL ? words->ca_file : environment("AWS_CA_BUNDLE", NULL)};
    long http_status = web_client_post(client, arena, &post, &body, &failed);
    web_client_free(client);
    if (http_status != 0)
        return print_answer(words, http_status, body, arena);
    fprintf(stderr, "stator: %s: %.*s\n", words->endpoint, STR_ARG(failed));
    return EXIT_FAILURE;
}
