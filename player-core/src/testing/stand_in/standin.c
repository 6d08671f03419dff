/* A content decryption module that protects nothing: the OpenCDM interface with a licence format that tests can write.
 *
 * Initialisation data: a pssh box whose data say how to behave: "mute" (no challenge ever), "stuck" (the constructor
 * never returns), "error" (an error instead of a challenge), "refuse" (no session), "late" (calls back after the end);
 * anything else behaves.
 *
 * Licence, in lines: "standin-licence" first, then
 *   key KID KEY STATUS     a key, in hexadecimal, and its status
 *   until N KID STATUS     after N calls of decrypt, the status changes
 *   again                  another challenge before there are keys
 *   renew                  a challenge after the keys
 *   quiet                  no keys_updated callback
 *   mute                   nothing is told, all statuses stay pending
 *   stuck                  the call never returns
 *   error TEXT             an error is told in place of keys
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "org.lumen.standin"
#define FAIL 0x80004005u
#define PENDING 6

typedef struct { uint32_t encrypted_blocks, clear_blocks; } EncryptionPattern;
typedef struct { uint16_t clear_bytes; uint32_t encrypted_bytes; } SubSampleInfo;
typedef enum { Clear = 0, AesCtr_Cenc, AesCbc_Cbc1, AesCtr_Cens, AesCbc_Cbcs } EncryptionScheme;
typedef enum { MediaType_Unknown = 0, MediaType_Video, MediaType_Audio, MediaType_Data } MediaType;
typedef struct {
    EncryptionScheme scheme;
    EncryptionPattern pattern;
    uint8_t *iv;
    uint8_t ivLength;
    uint8_t *keyId;
    uint8_t keyIdLength;
    uint8_t subSampleCount;
    SubSampleInfo *subSample;
} SampleInfo;
typedef struct { uint16_t height, width; MediaType media_type; } MediaProperties;

struct OpenCDMSession;
typedef struct {
    void (*process_challenge_callback)(struct OpenCDMSession *, void *, const char[], const uint8_t[], const uint16_t);
    void (*key_update_callback)(struct OpenCDMSession *, void *, const uint8_t[], const uint8_t);
    void (*error_message_callback)(struct OpenCDMSession *, void *, const char[]);
    void (*keys_updated_callback)(const struct OpenCDMSession *, void *);
} OpenCDMSessionCallbacks;

struct OpenCDMSystem { int sessions; };
struct Key { uint8_t id[16], key[16]; uint32_t status; int until; uint32_t then; };
struct OpenCDMSession {
    struct OpenCDMSystem *system;
    OpenCDMSessionCallbacks *callbacks;
    void *user;
    uint8_t *init;
    size_t init_length;
    struct Key keys[64];
    int count, decrypted, late;
    /* What a thread of ours is to tell. */
    int tell_challenge, tell_keys, tell_error, quiet;
    char error[256];
    pthread_t thread;
    int has_thread;
    pthread_mutex_t lock;
};

/* A session that was ended, and is called for all the same. */
static OpenCDMSessionCallbacks *late_callbacks;
static void *late_user;

static void note(const char *line) {
    FILE *log = fopen(STANDIN_LOG, "a");
    if (log) {
        fprintf(log, "%s\n", line);
        fclose(log);
    }
}

/* ---- AES-128 ---- */

static uint8_t sbox[256], inverse[256];
static pthread_once_t tables = PTHREAD_ONCE_INIT;

static uint8_t times(uint8_t a, uint8_t b) {
    uint8_t product = 0;
    for (; b; b >>= 1, a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0)))
        if (b & 1) product ^= a;
    return product;
}

static void make_tables(void) {
    for (int n = 0; n < 256; n++) {
        uint8_t of = 0;
        for (int candidate = 1; n && candidate < 256; candidate++)
            if (times((uint8_t)n, (uint8_t)candidate) == 1) of = (uint8_t)candidate;
        uint8_t out = 0x63;
        for (int turn = 0; turn < 5; turn++) out ^= (uint8_t)(of << turn | of >> (8 - turn));
        sbox[n] = out;
        inverse[out] = (uint8_t)n;
    }
}

static void expand(const uint8_t key[16], uint8_t rounds[176]) {
    pthread_once(&tables, make_tables);
    memcpy(rounds, key, 16);
    uint8_t constant = 1;
    for (int at = 16; at < 176; at += 4) {
        uint8_t word[4];
        memcpy(word, rounds + at - 4, 4);
        if (at % 16 == 0) {
            uint8_t first = word[0];
            for (int n = 0; n < 3; n++) word[n] = sbox[word[n + 1]];
            word[3] = sbox[first];
            word[0] ^= constant;
            constant = times(constant, 2);
        }
        for (int n = 0; n < 4; n++) rounds[at + n] = rounds[at - 16 + n] ^ word[n];
    }
}

static void add(uint8_t state[16], const uint8_t *round) {
    for (int n = 0; n < 16; n++) state[n] ^= round[n];
}

static void mix(uint8_t state[16], uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    for (int column = 0; column < 16; column += 4) {
        uint8_t in[4];
        memcpy(in, state + column, 4);
        for (int n = 0; n < 4; n++)
            state[column + n] =
                times(in[n], a) ^ times(in[(n + 1) % 4], b) ^ times(in[(n + 2) % 4], c) ^ times(in[(n + 3) % 4], d);
    }
}

static void encrypt_block(const uint8_t rounds[176], uint8_t state[16]) {
    add(state, rounds);
    for (int round = 1; round <= 10; round++) {
        uint8_t moved[16];
        for (int n = 0; n < 16; n++) moved[n] = sbox[state[(n + 4 * (n % 4)) % 16]];
        memcpy(state, moved, 16);
        if (round < 10) mix(state, 2, 3, 1, 1);
        add(state, rounds + 16 * round);
    }
}

static void decrypt_block(const uint8_t rounds[176], uint8_t state[16]) {
    for (int round = 10; round >= 1; round--) {
        add(state, rounds + 16 * round);
        if (round < 10) mix(state, 14, 11, 13, 9);
        uint8_t moved[16];
        for (int n = 0; n < 16; n++) moved[(n + 4 * (n % 4)) % 16] = inverse[state[n]];
        memcpy(state, moved, 16);
    }
    add(state, rounds);
}

struct Counter { uint8_t rounds[176], counter[16], stream[16]; int used; };

static void count(struct Counter *counter, uint8_t *data, size_t length) {
    for (size_t n = 0; n < length; n++) {
        if (counter->used == 16) {
            memcpy(counter->stream, counter->counter, 16);
            encrypt_block(counter->rounds, counter->stream);
            for (int at = 15; at >= 8 && ++counter->counter[at] == 0; at--);
            counter->used = 0;
        }
        data[n] ^= counter->stream[counter->used++];
    }
}

static void chain(const uint8_t rounds[176], uint8_t vector[16], uint8_t *data, size_t blocks) {
    for (; blocks; blocks--, data += 16) {
        uint8_t before[16];
        memcpy(before, data, 16);
        decrypt_block(rounds, data);
        add(data, vector);
        memcpy(vector, before, 16);
    }
}

/* ---- Telling, on a thread of our own ---- */

static void *telling(void *argument) {
    struct OpenCDMSession *session = argument;
    pthread_mutex_lock(&session->lock);
    int challenge = session->tell_challenge, keys = session->tell_keys, error = session->tell_error;
    int quiet = session->quiet, known = session->count;
    session->tell_challenge = session->tell_keys = session->tell_error = 0;
    pthread_mutex_unlock(&session->lock);
    if (keys) {
        for (int n = 0; n < known; n++)
            session->callbacks->key_update_callback(session, session->user, session->keys[n].id, 16);
        if (!quiet) session->callbacks->keys_updated_callback(session, session->user);
    }
    if (challenge) {
        static const char head[] = "0:Type:standin-challenge\n";
        size_t length = sizeof head - 1 + session->init_length;
        uint8_t *body = malloc(length);
        memcpy(body, head, sizeof head - 1);
        memcpy(body + sizeof head - 1, session->init, session->init_length);
        session->callbacks->process_challenge_callback(session, session->user, "http://standin.invalid/licence", body,
                                                       (uint16_t)length);
        free(body);
    }
    if (error) session->callbacks->error_message_callback(session, session->user, session->error);
    return NULL;
}

static void rest(struct OpenCDMSession *session) {
    if (session->has_thread) pthread_join(session->thread, NULL);
    session->has_thread = 0;
}

static void tell(struct OpenCDMSession *session) {
    rest(session);
    session->has_thread = pthread_create(&session->thread, NULL, telling, session) == 0;
}

static void never_return(void) {
    for (;;) pause();
}

/* ---- The interface ---- */

struct OpenCDMSystem *opencdm_create_system(const char name[]) {
    if (late_callbacks) {
        OpenCDMSessionCallbacks *callbacks = late_callbacks;
        late_callbacks = NULL;
        note("late");
        callbacks->error_message_callback(NULL, late_user, "after the end");
        callbacks->process_challenge_callback(NULL, late_user, NULL, NULL, 9);
        callbacks->key_update_callback(NULL, late_user, NULL, 16);
        callbacks->keys_updated_callback(NULL, late_user);
    }
    if (strcmp(name, NAME) != 0) return NULL;
    note("+system");
    return calloc(1, sizeof(struct OpenCDMSystem));
}

uint32_t opencdm_is_type_supported(const char name[], const char mime[]) {
    return mime && strcmp(name, NAME) == 0 ? 0 : FAIL;
}

uint32_t opencdm_destruct_system(struct OpenCDMSystem *system) {
    note(system->sessions ? "-system before its session" : "-system");
    free(system);
    return 0;
}

static int says(const struct OpenCDMSession *session, const char *word) {
    size_t length = strlen(word);
    return session->init_length >= 32 + length && memcmp(session->init + 32, word, length) == 0;
}

uint32_t opencdm_construct_session(struct OpenCDMSystem *system, const uint32_t licence, const char type[],
                                   const uint8_t init[], const uint16_t length, const uint8_t data[],
                                   const uint16_t data_length, OpenCDMSessionCallbacks *callbacks, void *user,
                                   struct OpenCDMSession **made) {
    if (licence != 0 || data || data_length || (strcmp(type, "cenc") && strcmp(type, "keyids"))) return FAIL;
    struct OpenCDMSession *session = calloc(1, sizeof *session);
    session->system = system;
    session->callbacks = callbacks;
    session->user = user;
    session->init = malloc(length + 1u);
    session->init_length = length;
    memcpy(session->init, init, length);
    pthread_mutex_init(&session->lock, NULL);
    if (says(session, "stuck")) never_return();
    if (says(session, "refuse")) {
        free(session->init);
        free(session);
        return FAIL;
    }
    note("+session");
    system->sessions++;
    session->late = says(session, "late");
    strcpy(session->error, "cannot make a challenge");
    session->tell_error = says(session, "error");
    session->tell_challenge = !session->tell_error && !says(session, "mute");
    *made = session;
    tell(session);
    return 0;
}

uint32_t opencdm_session_close(struct OpenCDMSession *session) {
    (void)session;
    note("close");
    return 0;
}

uint32_t opencdm_destruct_session(struct OpenCDMSession *session) {
    rest(session);
    if (session->late) {
        late_callbacks = session->callbacks;
        late_user = session->user;
    }
    note("-session");
    session->system->sessions--;
    pthread_mutex_destroy(&session->lock);
    free(session->init);
    free(session);
    return 0;
}

static int hexadecimal(const char *text, uint8_t out[16]) {
    for (int n = 0; n < 16; n++) {
        unsigned byte;
        if (sscanf(text + 2 * n, "%2x", &byte) != 1) return 0;
        out[n] = (uint8_t)byte;
    }
    return 1;
}

static struct Key *find(struct OpenCDMSession *session, const uint8_t *id) {
    for (int n = 0; n < session->count; n++)
        if (memcmp(session->keys[n].id, id, 16) == 0) return &session->keys[n];
    return NULL;
}

#ifndef LACKS_UPDATE
uint32_t opencdm_session_update(struct OpenCDMSession *session, const uint8_t message[], const uint16_t length) {
    static const char head[] = "standin-licence\n";
    if (length < sizeof head - 1 || memcmp(message, head, sizeof head - 1) != 0) return FAIL;
    char *text = calloc(1, length + 1u), *kept = NULL;
    memcpy(text, message, length);
    rest(session);
    int again = 0, mute = 0;
    for (char *line = strtok_r(text, "\n", &kept); line; line = strtok_r(NULL, "\n", &kept)) {
        char id[33], key[33];
        unsigned status, after;
        if (sscanf(line, "key %32s %32s %u", id, key, &status) == 3 && session->count < 64) {
            uint8_t bytes[16];
            if (!hexadecimal(id, bytes)) continue;
            struct Key *known = find(session, bytes);
            if (!known) known = &session->keys[session->count++];
            memcpy(known->id, bytes, 16);
            hexadecimal(key, known->key);
            known->status = status;
            known->until = 0;
        } else if (sscanf(line, "until %u %32s %u", &after, id, &status) == 3) {
            uint8_t bytes[16];
            struct Key *known = hexadecimal(id, bytes) ? find(session, bytes) : NULL;
            if (known) {
                known->until = (int)after;
                known->then = status;
            }
        } else if (strcmp(line, "again") == 0) {
            again = 1;
        } else if (strcmp(line, "renew") == 0) {
            session->tell_challenge = 1;
        } else if (strcmp(line, "quiet") == 0) {
            session->quiet = 1;
        } else if (strcmp(line, "mute") == 0) {
            mute = 1;
        } else if (strcmp(line, "stuck") == 0) {
            never_return();
        } else if (strncmp(line, "error ", 6) == 0) {
            snprintf(session->error, sizeof session->error, "%s", line + 6);
            session->tell_error = 1;
        }
    }
    free(text);
    note("update");
    if (mute || session->tell_error) session->count = 0;
    if (again) session->tell_challenge = 1;
    session->tell_keys = !again && !mute && !session->tell_error;
    if (!mute) tell(session);
    return 0;
}
#endif

uint32_t opencdm_session_status(const struct OpenCDMSession *session, const uint8_t id[], const uint8_t length) {
    struct Key *key = length == 16 ? find((struct OpenCDMSession *)session, id) : NULL;
    return key ? key->status : PENDING;
}

/* The key of these samples if it may be used. */
static struct Key *usable(struct OpenCDMSession *session, const uint8_t *id, uint32_t length) {
    struct Key *key = length == 16 ? find(session, id) : NULL;
    session->decrypted++;
    if (key && key->until && session->decrypted > key->until) {
        key->status = key->then;
        key->until = 0;
        session->tell_keys = 1;
        tell(session);
    }
    return key && (key->status == 0 || key->status == 5) ? key : NULL;
}

#ifdef PLAIN
uint32_t opencdm_session_decrypt(struct OpenCDMSession *session, uint8_t data[], const uint32_t length,
                                 const uint8_t *iv, uint16_t iv_length, const uint8_t *id, const uint16_t id_length,
                                 uint32_t with_last) {
    struct Key *key = usable(session, id, id_length);
    if (!key || iv_length != 16 || with_last) return FAIL;
    struct Counter counter = {.used = 16};
    expand(key->key, counter.rounds);
    memcpy(counter.counter, iv, 16);
    count(&counter, data, length);
    return 0;
}
#else
uint32_t opencdm_session_decrypt_v2(struct OpenCDMSession *session, uint8_t data[], const uint32_t length,
                                    const SampleInfo *sample, const MediaProperties *media) {
    if (media->media_type == MediaType_Unknown) return FAIL;
    struct Key *key = usable(session, sample->keyId, sample->keyIdLength);
    if (!key || sample->ivLength != 16) return FAIL;
    if (sample->scheme != AesCtr_Cenc && sample->scheme != AesCbc_Cbcs) return 0x80004001u;
    struct Counter counter = {.used = 16};
    expand(key->key, counter.rounds);
    memcpy(counter.counter, sample->iv, 16);
    uint32_t crypt = sample->pattern.encrypted_blocks, skip = sample->pattern.clear_blocks;
    size_t at = 0;
    int parts = sample->subSampleCount ? sample->subSampleCount : 1;
    for (int part = 0; part < parts; part++) {
        size_t clear = sample->subSampleCount ? sample->subSample[part].clear_bytes : 0;
        size_t protected = sample->subSampleCount ? sample->subSample[part].encrypted_bytes : length;
        if (at + clear + protected > length) return FAIL;
        uint8_t *run = data + at + clear;
        at += clear + protected;
        if (sample->scheme == AesCtr_Cenc) {
            count(&counter, run, protected);
            continue;
        }
        uint8_t vector[16];
        memcpy(vector, sample->iv, 16);
        if (!crypt || !skip) chain(counter.rounds, vector, run, protected / 16);
        else
            for (size_t from = 0; from + 16 * crypt <= protected; from += 16 * (crypt + skip))
                chain(counter.rounds, vector, run + from, crypt);
    }
    return at == length ? 0 : FAIL;
}
#endif
