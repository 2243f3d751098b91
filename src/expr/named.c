/* The lexer is the parsers' own, so that a word is a name here if and only if it is one there:
 * whoever hides a name from this hides it from the operation, too. */
#include "expr/named.h"

#include "expr/update_int.h"

enum { ROOM_FIRST = 16 };

void named_add(struct named *named, str name) {
    if (named->count == named->room) {
        size_t room = named->room > 0 ? 2 * named->room : ROOM_FIRST;
        named->at =
            arena_grow(named->arena, named->at, named->room * sizeof(str), room * sizeof(str));
        named->room = room;
    }
    named->at[named->count++] = name;
}

/* ---- text ---- */

static bool is_update_keyword(enum keyword keyword) {
    return keyword == KEYWORD_SET || keyword == KEYWORD_REMOVE || keyword == KEYWORD_ADD ||
           keyword == KEYWORD_DELETE;
}

/* In conditions the five words are reserved, so none is a name. A section of an update begins where
 * no operand is due: REMOVE is a name elsewhere. */
static bool is_keyword(const struct token *token, enum named_text kind, bool operand_due) {
    switch (kind) {
    case NAMED_PROJECTION:
        return false;
    case NAMED_CONDITION:
        return token->keyword != KEYWORD_NONE && !is_update_keyword(token->keyword);
    case NAMED_UPDATE:
        return is_update_keyword(token->keyword) && !operand_due;
    }
    return false;
}

static bool ends_operand(enum token_kind kind) {
    return kind == TOKEN_WORD || kind == TOKEN_NAME_VARIABLE || kind == TOKEN_VARIABLE ||
           kind == TOKEN_DIGITS || kind == TOKEN_CLOSE || kind == TOKEN_CLOSE_INDEX;
}

static void add_placeholder(struct named *named, str placeholder, const str *keys, const str *names,
                            size_t name_count) {
    for (size_t i = 0; i < name_count; i++)
        if (str_eq(keys[i], placeholder))
            named_add(named, names[i]);
}

void named_in_text(struct named *named, enum named_text kind, str text, const str *keys,
                   const str *names, size_t name_count) {
    size_t at = 0;
    bool operand_due = false, behind_dot = false;
    if (text.len > EXPR_TEXT_MAX)
        return; /* no parser takes it */
    for (struct token next, token = expr_lex(text, &at); token.kind != TOKEN_END; token = next) {
        next = expr_lex(text, &at);
        bool word = token.kind == TOKEN_WORD;
        if (word && is_keyword(&token, kind, operand_due)) {
            operand_due = true;
            behind_dot = false;
            continue;
        }
        if (word && !behind_dot && next.kind != TOKEN_OPEN) /* else a function */
            named_add(named, token.text);
        else if (token.kind == TOKEN_NAME_VARIABLE && !behind_dot)
            add_placeholder(named, token.text, keys, names, name_count);
        behind_dot = token.kind == TOKEN_DOT;
        operand_due = !ends_operand(token.kind);
    }
}

/* ---- trees ---- */

void named_in_node(struct named *named, const struct expr_node *node) {
    size_t count = 0, paths = expr_node_path_count(node);
    str *names = arena_array(named->arena, str, paths + 1);
    expr_node_names(node, false, names, &count);
    for (size_t i = 0; i < count; i++)
        named_add(named, names[i]);
}

void named_in_update(struct named *named, const struct expr_update *update) {
    for (size_t i = 0; i < update->count; i++) {
        named_add(named, update->actions[i].path.parts[0].name);
        if (update->actions[i].operand != NULL)
            named_in_node(named, update->actions[i].operand);
    }
}
