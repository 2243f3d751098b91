/* What conditions say of items. */
#include "expr_test.h"

static const char values[] =
    "{':a':{'S':'apple'},':ap':{'S':'ap'},':e':{'S':''},':one':{'N':'1'},':1e0':{'N':'1.0e0'},"
    "':two':{'N':'2'},':ten':{'N':'10'},':neg':{'N':'-5'},':t':{'BOOL':true},':f':{'BOOL':false},"
    "':null':{'NULL':true},':b':{'B':'AQID'},':b2':{'B':'AgM='},':b9':{'B':'CQ=='},"
    "':ss':{'SS':['y','x']},':ns':{'NS':['10','1','2.50']},':bs':{'BS':['Ag==','AQ==']},"
    "':l':{'L':[{'N':'1'},{'SS':['q','p']}]},':m':{'M':{'k2':{'N':'2.0'},'k1':{'S':'v'}}},"
    "':x':{'S':'x'},':z':{'S':'z'},':ts':{'S':'S'},':tn':{'S':'N'},':tss':{'S':'SS'},"
    "':tm':{'S':'M'},':tnull':{'S':'NULL'},':five':{'N':'5'},':four':{'N':'4'},':three':{'N':'3'},"
    "':zero':{'N':'0'},':25':{'N':'2.5'},':b1':{'B':'AQ=='},':lq':{'SS':['p','q']}}";

static const char item[] =
    "{'str':{'S':'apple'},'num':{'N':'1'},'big':{'N':'10'},'neg':{'N':'-5'},'yes':{'BOOL':true},"
    "'nay':{'BOOL':false},'nil':{'NULL':true},'bin':{'B':'AQID'},'strs':{'SS':['x','y']},"
    "'nums':{'NS':['1.0','2.5','1e1']},'bins':{'BS':['AQ==','Ag==']},"
    "'arr':{'L':[{'N':'1'},{'SS':['p','q']}]},'doc':{'M':{'k1':{'S':'v'},'k2':{'N':'2'}}},"
    "'blank':{'S':''},'earr':{'L':[]},'edoc':{'M':{}},'emoji':{'S':'a\\ud83d\\ude00'},"
    "'deep':{'M':{'list':{'L':[{'M':{'x':{'S':'z'}}}]}}},'a.b':{'S':'x'},'name':{'S':'z'},"
    "'status':{'N':'2'},'num2':{'N':'1.0'},'arr2':{'L':[{'N':'1'},{'SS':['q','p']}]}}";

struct row {
    const char *text;
    bool want;
};

static const struct row rows[] = {
    /* equality */
    {"str = :a", true},
    {"str = :ap", false},
    {"str <> :a", false},
    {"str <> :ap", true},
    {"num = :1e0", true},
    {"num = num2", true},
    {"num <> num2", false},
    {"num = :a", false},
    {"num <> :a", true},
    {"yes = :t", true},
    {"yes = :f", false},
    {"nay = :f", true},
    {"nil = :null", true},
    {"bin = :b", true},
    {"bin = :b2", false},
    {"strs = :ss", true},
    {"nums = :ns", true},
    {"bins = :bs", true},
    {"strs = bins", false},
    {"arr = :l", true},
    {"arr = arr2", true},
    {"arr[1] = :lq", true},
    {"doc = :m", true},
    {"doc <> :m", false},
    {"earr = edoc", false},
    {":one = :1e0", true},
    {":a = str", true},
    {"blank = :e", true},
    /* what is missing */
    {"gone = :a", false},
    {"gone <> :a", true},
    {"gone = gone2", false},
    {"gone <> gone2", true},
    {"gone < :a", false},
    {"gone >= :a", false},
    {":a > gone", false},
    {"gone BETWEEN :a AND :z", false},
    {"str BETWEEN gone AND :z", false},
    {"gone IN (:a, gone2)", false},
    {"NOT gone = :a", true},
    {"NOT gone <> :a", false},
    {"NOT gone < :a", true},
    {"NOT gone BETWEEN :a AND :z", true},
    {"NOT gone IN (:a)", true},
    {"size(gone) > :zero", false},
    {"size(gone) <> :zero", true},
    {"size(num) >= :zero", false},
    {"size(yes) = :one", false},
    {"contains(gone, :a)", false},
    {"contains(str, gone)", false},
    {"begins_with(gone, :ap)", false},
    {"begins_with(str, gone)", false},
    {"attribute_type(gone, :tnull)", false},
    {"deep.nothing.x = :z", false},
    {"str.x = :z", false},
    {"arr[2] = :one", false},
    {"arr.x = :one", false},
    {"doc[0] = :one", false},
    /* order */
    {"num < :two", true},
    {"num < :one", false},
    {"num <= :one", true},
    {"big > :two", true},
    {"neg < num", true},
    {"neg < :zero", true},
    {"neg >= :neg", true},
    {":two > num", true},
    {"str > :ap", true},
    {"str < :z", true},
    {"str < :e", false},
    {"bin < :b2", true},
    {"bin > :b2", false},
    {"str < :ten", false},
    {"str >= :ten", false},
    {"yes < str", false},
    {"doc >= doc.k1", false},
    {"num BETWEEN :zero AND :two", true},
    {"num BETWEEN :one AND :one", true},
    {"big BETWEEN :one AND :two", false},
    {"str BETWEEN :ap AND :z", true},
    {"str BETWEEN :one AND :two", false},
    {":two BETWEEN num AND big", true},
    {":two BETWEEN big AND num", false},
    /* IN */
    {"num IN (:a, :1e0)", true},
    {"num IN (:a, :two)", false},
    {"strs IN (:ss)", true},
    {"str IN (num, :a)", true},
    {":a IN (num, str)", true},
    /* connectives */
    {"num = :one AND str = :a", true},
    {"num = :one AND str = :z", false},
    {"num = :two OR str = :a", true},
    {"num = :two OR str = :z", false},
    {"num = :one OR num = :one AND num = :two", true},
    {"(num = :one OR num = :one) AND num = :two", false},
    {"NOT num = :two AND str = :a", true},
    {"NOT num = :one OR str = :a", true},
    {"NOT (num = :one OR str = :a)", false},
    {"NOT NOT num = :one", true},
    {"num = :two OR num = :ten OR num = :one", true},
    {"num = :one AND num = :1e0 AND num = :two", false},
    /* functions */
    {"attribute_exists(str)", true},
    {"attribute_exists(gone)", false},
    {"attribute_exists(nil)", true},
    {"attribute_not_exists(gone)", true},
    {"attribute_not_exists(doc.k1)", false},
    {"attribute_exists(deep.#list[0].x)", true},
    {"attribute_exists(deep.#list[1])", false},
    {"attribute_type(str, :ts)", true},
    {"attribute_type(num, :ts)", false},
    {"attribute_type(num, :tn)", true},
    {"attribute_type(strs, :tss)", true},
    {"attribute_type(doc, :tm)", true},
    {"attribute_type(nil, :tnull)", true},
    {"begins_with(str, :ap)", true},
    {"begins_with(str, :e)", true},
    {"begins_with(str, :z)", false},
    {"begins_with(:a, str)", true},
    {"begins_with(bin, :b1)", true},
    {"begins_with(bin, :b2)", false},
    {"begins_with(num, :ap)", false},
    {"begins_with(str, bin)", false},
    {"contains(str, :ap)", true},
    {"contains(str, :e)", true},
    {"contains(str, :z)", false},
    {"contains(str, :one)", false},
    {"contains(bin, :b2)", true},
    {"contains(bin, :b9)", false},
    {"contains(strs, :x)", true},
    {"contains(strs, :z)", false},
    {"contains(strs, :ss)", false},
    {"contains(nums, :25)", true},
    {"contains(nums, :1e0)", true},
    {"contains(nums, :two)", false},
    {"contains(nums, :x)", false},
    {"contains(bins, :b1)", true},
    {"contains(arr, :one)", true},
    {"contains(arr, :lq)", true},
    {"contains(arr, :two)", false},
    {"contains(doc, :x)", false},
    {"contains(num, :one)", false},
    {"contains(:ss, #n)", false},
    {"contains(:a, str)", true},
    {"contains(arr, size(doc.k1))", true},
    {"size(str) = :five", true},
    {"size(blank) = :zero", true},
    {"size(emoji) = :three", true},
    {"size(bin) = :three", true},
    {"size(strs) = :two", true},
    {"size(nums) = :three", true},
    {"size(arr) = :two", true},
    {"size(earr) = :zero", true},
    {"size(doc) = :two", true},
    {"size(edoc) < :one", true},
    {"size(:ap) = :two", true},
    {"size(str) = size(:a)", true},
    {"size(str) BETWEEN :four AND :ten", true},
    {"size(str) IN (:four, :five)", true},
    {"size(str) > num", true},
    /* names */
    {"#d = :x", true},
    {"a.b = :x", false},
    {"#n = :z", true},
    {"#s = :two", true},
    {"deep.#list[0].x = :z", true},
};

/* The names of expr_test.c, and #list. */
static struct expr_placeholders placeholders(struct world *world) {
    struct expr_placeholders p;
    static const str keys[] = {STR_INIT("#list"), STR_INIT("#d"), STR_INIT("#n"), STR_INIT("#s")};
    static const str names[] = {STR_INIT("list"), STR_INIT("a.b"), STR_INIT("name"),
                                STR_INIT("status")};
    struct item all = world_item(world, values);
    assert_status(expr_placeholders_init(&world->scope, &all, keys, names, 4, true, true, &p),
                  ST_OK);
    return p;
}

static void conditions_hold_as_the_service_says(void **state) {
    (void)state;
    struct world world;
    int wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        world_reset(&world);
        struct expr_placeholders p = placeholders(&world);
        struct expr_condition condition;
        status st = expr_parse_condition(&world.scope, EXPR_CONDITION, str_from_c(rows[i].text), &p,
                                         &condition);
        str got = world_outcome(&world, st);
        if (st == ST_OK)
            got = expr_condition_true(&condition, world_view(&world, item)) ? STR("true")
                                                                            : STR("false");
        wrong += world_differs(rows[i].text, got, rows[i].want ? STR("true") : STR("false"));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

/* Of no item, every row says what it says of an item without attributes. */
static void an_item_that_does_not_exist_has_no_attributes(void **state) {
    (void)state;
    struct world world;
    int wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        world_reset(&world);
        struct expr_placeholders p = placeholders(&world);
        struct expr_condition condition;
        assert_status(expr_parse_condition(&world.scope, EXPR_CONDITION, str_from_c(rows[i].text),
                                           &p, &condition),
                      ST_OK);
        bool none = expr_condition_true(&condition, VIEW_NONE);
        bool empty = expr_condition_true(&condition, world_view(&world, "{}"));
        wrong += world_differs(rows[i].text, none ? STR("true") : STR("false"),
                               empty ? STR("true") : STR("false"));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

static void evaluation_allocates_nothing(void **state) {
    (void)state;
    struct world world;
    struct expr_condition condition;
    world_open(&world);
    struct expr_placeholders p = placeholders(&world);
    assert_status(expr_parse_condition(&world.scope, EXPR_FILTER,
                                       STR("size(str) > :four AND contains(arr, :one) AND NOT "
                                           "num IN (:two, :ten) AND begins_with(str, :ap)"),
                                       &p, &condition),
                  ST_OK);
    view map = world_view(&world, item);
    size_t used = arena_used(world.arena);
    assert_true(expr_condition_true(&condition, map));
    assert_int_equal(arena_used(world.arena), used);
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_hold_as_the_service_says),
        cmocka_unit_test(an_item_that_does_not_exist_has_no_attributes),
        cmocka_unit_test(evaluation_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
