#include "base/buf.h"
#include "base/check.h"
#include "base/random.h"
#include "http/openssl.h"
#include "http/tls.h"

#include <arpa/inet.h>
#include <time.h>

enum { SECONDS_A_DAY = 24 * 3600, HOUR = 3600 };

static bool is_address(const char *name) {
    unsigned char bytes[16];
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static str subject_names(const str *names, size_t count, struct arena *arena) {
    struct buf text;
    buf_init(&text, arena, 256);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s:%.*s", i > 0 ? "," : "", is_address(names[i].ptr) ? "IP" : "DNS",
                   STR_ARG(names[i]));
    buf_add_byte(&text, '\0');
    return buf_str(&text);
}

static bool extend(const struct openssl *o, X509 *certificate, int kind, const char *value) {
    X509V3_CTX context = {};
    o->X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = o->X509V3_EXT_conf_nid(NULL, &context, kind, value);
    if (extension == NULL)
        return false;
    bool fine = o->X509_add_ext(certificate, extension, -1) == 1;
    o->X509_EXTENSION_free(extension);
    return fine;
}

/* Begins an hour ago: clocks differ. */
static bool describe(const struct openssl *o, X509 *certificate, EVP_PKEY *key, const char *names) {
    static const unsigned char common_name[] = "Stator";
    X509_NAME *name = o->X509_get_subject_name(certificate);
    return o->X509_set_version(certificate, X509_VERSION_3) == 1 &&
           o->ASN1_INTEGER_set(o->X509_get_serialNumber(certificate),
                               (long)(random_u64() >> 2 | 1)) == 1 &&
           o->X509_gmtime_adj(o->X509_getm_notBefore(certificate), -HOUR) != NULL &&
           o->X509_gmtime_adj(o->X509_getm_notAfter(certificate),
                              (long)TLS_SELF_SIGNED_DAYS * SECONDS_A_DAY - HOUR) != NULL &&
           o->X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
           o->X509_set_issuer_name(certificate, name) == 1 &&
           o->X509_set_pubkey(certificate, key) == 1 &&
           extend(o, certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           extend(o, certificate, NID_key_usage, "critical,digitalSignature") &&
           extend(o, certificate, NID_ext_key_usage, "serverAuth") &&
           extend(o, certificate, NID_subject_alt_name, names) &&
           o->X509_sign(certificate, key, o->EVP_sha256()) > 0;
}

static str text_of(const struct openssl *o, BIO *bio, struct arena *arena) {
    char *bytes = NULL;
    long len = o->BIO_ctrl(bio, BIO_CTRL_INFO, 0, &bytes);
    return arena_copy(arena, (str){bytes, (size_t)len});
}

status tls_self_sign(const str *names, size_t count, struct arena *arena, struct tls_pem *out,
                     struct tls_problem *problem) {
    const char *missing;
    const struct openssl *o = openssl_load(&missing);
    if (o == NULL) {
        snprintf(problem->text, sizeof problem->text, "%s", missing);
        return ST_IO;
    }
    o->ERR_clear_error();
    EVP_PKEY *key = o->EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *certificate = o->X509_new();
    BIO *certificate_text = o->BIO_new(o->BIO_s_mem()), *key_text = o->BIO_new(o->BIO_s_mem());
    bool fine = key != NULL && certificate != NULL && certificate_text != NULL &&
                key_text != NULL &&
                describe(o, certificate, key, subject_names(names, count, arena).ptr) &&
                o->PEM_write_bio_X509(certificate_text, certificate) == 1 &&
                o->PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) == 1;
    if (fine)
        *out = (struct tls_pem){text_of(o, certificate_text, arena), text_of(o, key_text, arena)};
    else
        openssl_error(o, problem->text, sizeof problem->text);
    o->BIO_free(certificate_text);
    o->BIO_free(key_text);
    o->X509_free(certificate);
    o->EVP_PKEY_free(key);
    return fine ? ST_OK : ST_INVALID;
}

bool tls_certificate_serves(str pem, const char *name, int days) {
    const char *missing;
    const struct openssl *o = openssl_load(&missing);
    if (o == NULL)
        return false;
    BIO *bio = o->BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *certificate = o->PEM_read_bio_X509(bio, NULL, NULL, NULL);
    time_t until = time(NULL) + (time_t)days * SECONDS_A_DAY;
    bool serves = certificate != NULL &&
                  o->X509_cmp_time(o->X509_get0_notAfter(certificate), &until) > 0 &&
                  (is_address(name) ? o->X509_check_ip_asc(certificate, name, 0)
                                    : o->X509_check_host(certificate, name, 0, 0, NULL)) == 1;
    o->X509_free(certificate);
    o->BIO_free(bio);
    o->ERR_clear_error();
    return serves;
}
