/* Laws that hold for any expression: made-up text is parsed or refused but never more; a printed
 * condition means what its tree means; updates of a list agree with a plain model. */
#include "expr_test.h"

/* A generator of its own, so that a failing run can be repeated. */
struct dice {
    uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t sides) {
    dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice->state >> 33) % sides;
}

static const char values[] = "{':v':{'S':'x'},':n':{'N':'1'},':l':{'L':[{'N':'1'}]},"
                             "':ss':{'SS':['a','b']},':m':{'M':{'b':{'N':'2'}}},':t':{'S':'S'}}";
static const char item_json[] =
    "{'a':{'N':'3'},'b':{'L':[{'S':'x'},{'M':{'c':{'N':'1'}}}]},'c':{'SS':['a','c']},"
    "'d':{'M':{'a':{'M':{'b':{'S':'y'}}}}},'name':{'S':'xyz'}}";

/* ---- any text ---- */

static const char *const words[] = {
    "a",
    "b",
    "c",
    "d",
    ".a",
    ".b",
    "[0]",
    "[1]",
    "[7]",
    "#n",
    "#a",
    "#none",
    ":v",
    ":n",
    ":l",
    ":ss",
    ":m",
    ":t",
    ":none",
    "(",
    ")",
    "(",
    ")",
    ",",
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "SET",
    "REMOVE",
    "ADD",
    "DELETE",
    "size(",
    "contains(",
    "begins_with(",
    "attribute_exists(",
    "attribute_type(",
    "if_not_exists(",
    "list_append(",
    "status",
    "1",
    "\xc3\xa9",
    "\xff",
    "_",
    "f(",
};

static str random_text(struct dice *dice, char *room, size_t size) {
    size_t len = 0, count = 1 + roll(dice, 24);
    for (size_t i = 0; i < count && len + 24 < size; i++)
        len += (size_t)snprintf(room + len, size - len, "%s%s",
                                words[roll(dice, sizeof(words) / sizeof(*words))],
                                roll(dice, 4) ? " " : "");
    return (str){room, len};
}

static status run_update(struct world *world, str text, struct expr_placeholders *p, view item) {
    struct expr_update *update;
    TRY(expr_parse_update(&world->scope, text, p, &update));
    struct item tree = view_exists(item) ? item_thaw(item, world->arena) : (struct item){};
    TRY(expr_update_apply(&world->scope, update, item, &tree));
    str stored = item_encode(&tree, &(struct item_stamp){}, world->arena);
    assert_status(item_check_stored(stored), ST_OK);
    (void)expr_update_project(update, item_map(stored), world->arena);
    return ST_OK;
}

static status run_condition(struct world *world, enum expr_use use, str text,
                            struct expr_placeholders *p, view item) {
    struct expr_condition condition;
    const struct key_condition *keys;
    size_t count;
    TRY(expr_parse_condition(&world->scope, use, text, p, &condition));
    (void)expr_condition_true(&condition, item);
    return use == EXPR_KEY_CONDITION ? expr_key_conditions(&world->scope, &condition, &keys, &count)
                                     : ST_OK;
}

static status run_projection(struct world *world, str text, struct expr_placeholders *p,
                             view item) {
    struct expr_projection projection;
    TRY(expr_parse_projection(&world->scope, text, p, &projection));
    struct item part = expr_project(&projection, item, world->arena);
    str stored = item_encode(&part, &(struct item_stamp){}, world->arena);
    assert_status(item_check_stored(stored), ST_OK);
    return ST_OK;
}

/* Answers whether it was accepted. */
static bool run_any(struct world *world, unsigned kind, str text) {
    world_reset(world);
    struct expr_placeholders p = world_placeholders(world, values);
    view item = kind % 2 ? VIEW_NONE : world_view(world, item_json);
    status st = kind / 2 == 0   ? run_condition(world, EXPR_FILTER, text, &p, item)
                : kind / 2 == 1 ? run_condition(world, EXPR_KEY_CONDITION, text, &p, item)
                : kind / 2 == 2 ? run_update(world, text, &p, item)
                                : run_projection(world, text, &p, item);
    if (st != ST_OK) {
        assert_int_equal(st, ST_FAILED);
        assert_int_equal(world->scope.error, ERROR_ValidationException);
        assert_true(world->scope.error_text.len > 0);
    }
    return st == ST_OK;
}

static void any_text_is_accepted_or_refused(void **state) {
    (void)state;
    struct world world;
    struct dice dice = {1};
    char room[1024];
    unsigned accepted = 0;
    world_open(&world);
    for (int i = 0; i < 20000; i++) {
        str text = random_text(&dice, room, sizeof(room));
        accepted += run_any(&world, roll(&dice, 8), text);
    }
    assert_true(accepted > 20);
    world_close(&world);
}

static void any_cut_of_a_good_text_is_accepted_or_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "NOT (a = :v AND size(b[1].c) >= :n) OR #n BETWEEN :n AND c OR d IN (:v, :ss, (a))",
        "SET a = if_not_exists(b, :n) + :n, b[3] = list_append(b, :l) REMOVE d.a ADD #n :n",
        "a, b[1].c, d.a.b, #n",
    };
    struct world world;
    world_open(&world);
    for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++)
        for (size_t from = 0; texts[t][from]; from++)
            for (unsigned kind = 0; kind < 8; kind++) {
                str text = str_from_c(texts[t]);
                run_any(&world, kind, str_slice(text, from, text.len));
                run_any(&world, kind, str_slice(text, 0, from));
            }
    world_close(&world);
}

/* ---- printed trees ---- */

enum { PRECEDENCE_OR, PRECEDENCE_AND, PRECEDENCE_NOT };

/* Prints a random condition with just the parentheses it needs and answers what it is worth. */
static bool print_condition(struct dice *dice, struct buf *out, int outer, unsigned depth) {
    unsigned kind = depth ? roll(dice, 4) : 0;
    if (kind == 0) {
        bool worth = roll(dice, 2);
        buf_printf(out, worth ? "attribute_exists(a)" : ":v = gone");
        return worth;
    }
    int own = kind == 1 ? PRECEDENCE_NOT : kind == 2 ? PRECEDENCE_AND : PRECEDENCE_OR;
    if (own < outer)
        buf_add_lit(out, "(");
    bool worth = false;
    if (own == PRECEDENCE_NOT) {
        buf_add_lit(out, "NOT ");
        worth = !print_condition(dice, out, PRECEDENCE_NOT, depth - 1);
    } else {
        bool left = print_condition(dice, out, own, depth - 1);
        buf_printf(out, own == PRECEDENCE_AND ? " AND " : " or ");
        bool right = print_condition(dice, out, own, depth - 1);
        worth = own == PRECEDENCE_AND ? left && right : left || right;
    }
    if (own < outer)
        buf_add_lit(out, ")");
    return worth;
}

static void a_printed_condition_means_what_its_tree_means(void **state) {
    (void)state;
    struct world world;
    struct dice dice = {7};
    world_open(&world);
    for (int i = 0; i < 3000; i++) {
        struct expr_condition condition;
        struct buf text;
        world_reset(&world);
        struct expr_placeholders p = world_placeholders(&world, values);
        buf_init(&text, world.arena, 256);
        bool want = print_condition(&dice, &text, PRECEDENCE_OR, 1 + roll(&dice, 5));
        status st =
            expr_parse_condition(&world.scope, EXPR_CONDITION, buf_str(&text), &p, &condition);
        if (st != ST_OK)
            fail_msg("%.*s: %.*s", STR_ARG(buf_str(&text)), STR_ARG(world.scope.error_text));
        if (expr_condition_true(&condition, world_view(&world, item_json)) != want)
            fail_msg("%.*s is %s", STR_ARG(buf_str(&text)), want ? "true" : "false");
    }
    world_close(&world);
}

/* ---- updates of a list against a model ---- */

enum { LIST_MAX = 8, INDEX_MAX = 16 };

struct list_case {
    int before[LIST_MAX], after[LIST_MAX + INDEX_MAX];
    unsigned before_count, after_count;
    char text[640];
};

/* SETs and REMOVEs of distinct indexes, in random order. */
static void make_case(struct dice *dice, struct list_case *c) {
    unsigned indexes[INDEX_MAX];
    char removes[200] = "", sets[300] = "";
    size_t remove_len = 0, set_len = 0;
    int change[INDEX_MAX] = {}; /* 0: none, -1: removed, else the new value */
    *c = (struct list_case){.before_count = roll(dice, LIST_MAX + 1)};
    for (unsigned i = 0; i < c->before_count; i++)
        c->before[i] = (int)(100 + i);
    for (unsigned i = 0; i < INDEX_MAX; i++)
        indexes[i] = i;
    unsigned picked = 1 + roll(dice, 6);
    for (unsigned i = 0; i < picked; i++) {
        unsigned other = i + roll(dice, INDEX_MAX - i), index = indexes[other];
        indexes[other] = indexes[i];
        change[index] = roll(dice, 2) ? -1 : (int)(200 + index);
        if (change[index] < 0)
            remove_len += (size_t)snprintf(removes + remove_len, sizeof(removes) - remove_len,
                                           "%s x[%u]", remove_len ? "," : "REMOVE", index);
        else
            set_len += (size_t)snprintf(sets + set_len, sizeof(sets) - set_len, "%s x[%u] = :v%u",
                                        set_len ? "," : "SET", index, index);
    }
    for (unsigned i = 0; i < INDEX_MAX; i++) {
        bool there = i < c->before_count;
        if (change[i] > 0)
            c->after[c->after_count++] = change[i];
        else if (there && change[i] == 0)
            c->after[c->after_count++] = c->before[i];
    }
    bool removes_first = roll(dice, 2);
    snprintf(c->text, sizeof(c->text), "%s %s", removes_first ? removes : sets,
             removes_first ? sets : removes);
}

static str list_text(struct world *world, const int *numbers, unsigned count) {
    struct buf out;
    buf_init(&out, world->arena, 256);
    buf_add_lit(&out, "{\"x\":{\"L\":[");
    for (unsigned i = 0; i < count; i++)
        buf_printf(&out, "%s{\"N\":\"%d\"}", i ? "," : "", numbers[i]);
    buf_add_lit(&out, "]}}");
    return buf_str(&out);
}

static struct expr_placeholders list_placeholders(struct world *world) {
    struct buf out;
    buf_init(&out, world->arena, 512);
    for (int i = 0; i < INDEX_MAX; i++)
        buf_printf(&out, "%s':v%d':{'N':'%d'}", i ? "," : "{", i, 200 + i);
    buf_add(&out, "}", 2);
    return world_placeholders(world, out.ptr);
}

static void updates_of_a_list_agree_with_a_plain_model(void **state) {
    (void)state;
    struct world world;
    struct dice dice = {3};
    world_open(&world);
    for (int i = 0; i < 3000; i++) {
        struct list_case c;
        struct expr_update *update = NULL;
        world_reset(&world);
        make_case(&dice, &c);
        struct expr_placeholders p = list_placeholders(&world);
        str json = list_text(&world, c.before, c.before_count);
        view before = world_view(&world, arena_printf(world.arena, "%.*s", STR_ARG(json)).ptr);
        struct item tree = item_thaw(before, world.arena);
        assert_status(expr_parse_update(&world.scope, str_from_c(c.text), &p, &update), ST_OK);
        assert_status(expr_update_apply(&world.scope, update, before, &tree), ST_OK);
        str got = world_item_text(&world, &tree);
        str want = list_text(&world, c.after, c.after_count);
        if (!str_eq(got, want))
            fail_msg("%s\n  got:  %.*s\n  want: %.*s", c.text, STR_ARG(got), STR_ARG(want));
    }
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_text_is_accepted_or_refused),
        cmocka_unit_test(any_cut_of_a_good_text_is_accepted_or_refused),
        cmocka_unit_test(a_printed_condition_means_what_its_tree_means),
        cmocka_unit_test(updates_of_a_list_agree_with_a_plain_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
