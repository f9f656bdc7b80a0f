/* What is read here must come out as lua-cjson and the walk of json.c would have it; whatever could
 * differ is left to them. */
#include "json_plain.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "text.h"

enum {
    DEEPEST = 20,
    SLOTS = 4,   /* of the Lua stack, that a level takes */
    DIGITS = 15, /* every number of so many is exact as a double */
    USUAL_FIELDS = 6
};

typedef struct reader {
    lua_State *L;
    const char *at, *end;
    bool keep_nulls;
    bool silent; /* pushes nothing, makes nothing: only passes over what it would read */
    int array_mt;
    /* Of the last object at that depth that had any. The next has as many, most likely; where it
       has fewer, the one behind it gets less room, so that no text takes much more memory than it
       deserves. */
    int fields[DEEPEST];
} reader;

static bool read_value(reader *r, int depth, bool in_object);

static void skip_space(reader *r) {
    while (r->at < r->end && (unsigned char)*r->at <= ' ' && strchr(" \n\t\r", *r->at) != NULL &&
           *r->at != '\0')
        r->at++;
}

static bool skip(reader *r, char c) {
    bool found = r->at < r->end && *r->at == c;
    r->at += found;
    return found;
}

/* The same among spaces. */
static bool skip_token(reader *r, char c) {
    skip_space(r);
    bool found = skip(r, c);
    skip_space(r);
    return found;
}

static bool skip_word(reader *r, const char *word) {
    size_t n = strlen(word);
    bool found = (size_t)(r->end - r->at) >= n && memcmp(r->at, word, n) == 0;
    if (found)
        r->at += n;
    return found;
}

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* Eight bytes, the first of them lowest on any machine; compilers make one load of it. */
static uint64_t load(const char *at) {
    const unsigned char *b = (const unsigned char *)at;
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

/* Marks the highest bit of each zero byte, and perhaps of bytes above one. */
static uint64_t mark_zeros(uint64_t eight) { return (eight - EACH_BYTE) & ~eight; }

/* Marks the first of eight bytes that is no printable character of ASCII which stands for itself,
   and perhaps some above it. */
static uint64_t mark_special(uint64_t eight) {
    uint64_t below_space = (eight - EACH_BYTE * ' ') & ~eight;
    return (eight | below_space | mark_zeros(eight ^ EACH_BYTE * '"') |
            mark_zeros(eight ^ EACH_BYTE * '\\')) &
           EACH_BYTE << 7;
}

/* How many bytes there are below the first mark. */
static size_t count_below(uint64_t marks) {
    uint64_t lower = (marks & (~marks + 1)) - 1;
    return (size_t)(((lower & EACH_BYTE) * EACH_BYTE) >> 56) - 1;
}

static bool is_plain(char c) { return (signed char)c >= ' ' && c != '"' && c != '\\'; }

static const char *skip_plain(const char *at, const char *end) {
    for (; end - at >= 8; at += 8) {
        uint64_t marks = mark_special(load(at));
        if (marks != 0)
            return at + count_below(marks);
    }
    while (at < end && is_plain(*at))
        at++;
    return at;
}

/* Past characters that stand for themselves, up to anything else. */
static const char *find_special(const char *at, const char *end) {
    size_t length;
    do {
        at = skip_plain(at, end);
        length =
            at < end && (unsigned char)*at >= 0x80 ? pt_utf8_length(at, (size_t)(end - at)) : 0;
        at += length;
    } while (length > 0);
    return at;
}

/* What is between the quotation marks. */
static bool find_string(reader *r, const char **start, size_t *n) {
    if (!skip(r, '"'))
        return false;
    *start = r->at;
    r->at = find_special(*start, r->end);
    *n = (size_t)(r->at - *start);
    return skip(r, '"');
}

static bool read_string(reader *r) {
    const char *start;
    size_t n;
    if (!find_string(r, &start, &n))
        return false;
    if (!r->silent)
        lua_pushlstring(r->L, start, n);
    return true;
}

/* Takes at most so many digits into *value, and returns how many. */
static int read_digits(reader *r, int most, int64_t *value) {
    int count = 0;
    for (; count < most && r->at < r->end && *r->at >= '0' && *r->at <= '9'; count++)
        *value = *value * 10 + (*r->at++ - '0');
    return count;
}

/* Digits over a power of ten, both exact: the quotient is rounded once, as strtod does. */
static bool push_decimal(lua_State *L, int64_t digits, int decimals) {
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    double value = (double)digits / powers[decimals];
    if (value == floor(value))
        lua_pushinteger(L, (lua_Integer)value);
    else
        lua_pushnumber(L, value);
    return FLT_EVAL_METHOD == 0;
}

typedef struct number {
    int64_t digits;
    int decimals;
    bool point;
} number;

static bool find_number(reader *r, number *n) {
    *n = (number){0};
    bool negative = skip(r, '-');
    bool zero = r->at < r->end && *r->at == '0';
    int whole = read_digits(r, DIGITS, &n->digits);
    n->point = skip(r, '.');
    if (n->point)
        n->decimals = read_digits(r, DIGITS - whole, &n->digits);
    if (whole == 0 || (zero && whole > 1) || (n->point && n->decimals == 0) ||
        (negative && n->digits == 0))
        return false; /* what follows, also a further digit or an exponent, is nobody's token */
    n->digits = negative ? -n->digits : n->digits;
    return true;
}

static bool read_number(reader *r) {
    number n;
    if (!find_number(r, &n))
        return false;
    if (r->silent)
        return true;
    if (n.point)
        return push_decimal(r->L, n.digits, n.decimals);
    lua_pushinteger(r->L, (lua_Integer)n.digits);
    return true;
}

static bool read_null(reader *r, bool in_object) {
    if (!skip_word(r, "null"))
        return false;
    if (r->silent)
        return true;
    if (in_object && !r->keep_nulls)
        lua_pushnil(r->L);
    else
        lua_pushlightuserdata(r->L, NULL);
    return true;
}

static bool read_boolean(reader *r) {
    bool yes = skip_word(r, "true");
    if (!yes && !skip_word(r, "false"))
        return false;
    if (!r->silent)
        lua_pushboolean(r->L, yes);
    return true;
}

/* The fields behind the brace, into the table at the top. */
static bool read_fields(reader *r, int depth) {
    int count = 0;
    do {
        if (!read_string(r) || !skip_token(r, ':') || !read_value(r, depth, true))
            return false;
        if (!r->silent)
            lua_rawset(r->L, -3);
        count++;
    } while (skip_token(r, ','));
    if (!r->silent)
        r->fields[depth - 1] = count;
    return skip(r, '}');
}

static bool read_object(reader *r, int depth) {
    skip_space(r);
    bool empty = skip(r, '}');
    int fields = r->fields[depth - 1];
    if (!r->silent)
        lua_createtable(r->L, 0, empty ? 0 : fields > 0 ? fields : USUAL_FIELDS);
    return empty || read_fields(r, depth);
}

static bool read_items(reader *r, int depth) {
    lua_Integer count = 0;
    do {
        if (!read_value(r, depth, false))
            return false;
        if (!r->silent)
            lua_rawseti(r->L, -2, ++count);
    } while (skip_token(r, ','));
    return skip(r, ']');
}

static void new_array(const reader *r) {
    lua_newtable(r->L);
    if (r->array_mt != 0) {
        lua_pushvalue(r->L, r->array_mt);
        lua_setmetatable(r->L, -2);
    }
}

static bool read_array(reader *r, int depth) {
    if (!r->silent)
        new_array(r);
    skip_space(r);
    return skip(r, ']') || read_items(r, depth);
}

static bool has_room(const reader *r, int depth) {
    return depth < DEEPEST && (r->silent || lua_checkstack(r->L, SLOTS));
}

/* Pushes it unless silent. What is pushed when it fails is taken off in the end. */
static bool read_value(reader *r, int depth, bool in_object) {
    switch (r->at < r->end ? *r->at : '\0') {
    case '"':
        return read_string(r);
    case '{':
        r->at++;
        return has_room(r, depth) && read_object(r, depth + 1);
    case '[':
        r->at++;
        return has_room(r, depth) && read_array(r, depth + 1);
    case 'n':
        return read_null(r, in_object);
    case 't':
    case 'f':
        return read_boolean(r);
    default:
        return read_number(r);
    }
}

/* -- one field ------------------------------------------------------------------------------- */

static bool is_name(const char *start, size_t n, const char *name) {
    return strlen(name) == n && memcmp(start, name, n) == 0;
}

/* The fields behind the first brace: pushes the value of the wanted one. */
static bool sift_fields(reader *r, const char *wanted) {
    const char *start;
    size_t n;
    bool found = false;
    do {
        if (!find_string(r, &start, &n) || is_name(start, n, "ok") || !skip_token(r, ':'))
            return false;
        r->silent = !is_name(start, n, wanted);
        if (!r->silent && found)
            return false;
        found = found || !r->silent;
        if (!read_value(r, 1, false)) /* its own null stays */
            return false;
    } while (skip_token(r, ','));
    return found && skip(r, '}');
}

static bool read_field(reader *r, const char *wanted) {
    if (!skip(r, '{'))
        return false;
    skip_space(r);
    return sift_fields(r, wanted);
}

/* -- all of it --------------------------------------------------------------------------------- */

/* The text's value, or of the outermost object the field of that name. */
static bool push(lua_State *L, const char *s, size_t n, const char *field, bool keep_nulls,
                 int array_mt) {
    reader r = {.L = L, .at = s, .end = s + n, .keep_nulls = keep_nulls, .array_mt = array_mt};
    int top = lua_gettop(L);
    if (n == 0 || !lua_checkstack(L, SLOTS))
        return false;
    skip_space(&r);
    bool plain = field ? read_field(&r, field) : read_value(&r, 0, false);
    skip_space(&r);
    if (plain && r.at == r.end)
        return true;
    lua_settop(L, top);
    return false;
}

bool pt_json_plain_push(lua_State *L, const char *s, size_t n, bool keep_nulls, int array_mt) {
    return push(L, s, n, NULL, keep_nulls, array_mt);
}

bool pt_json_plain_push_field(lua_State *L, const char *s, size_t n, const char *field,
                              bool keep_nulls, int array_mt) {
    return push(L, s, n, field, keep_nulls, array_mt);
}
