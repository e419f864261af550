#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "exchange-ws.h"

size_t
ws_head(char *out, bool fin, enum ws_opcode opcode, uint64_t len)
{
	int bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;

	out[0] = (char)((fin ? 0x80 : 0) | opcode);
	out[1] = (char)(bytes == 0 ? len : bytes == 2 ? 126 : 127);
	for (int i = 0; i < bytes; i++)
		out[2 + i] = (char)(len >> 8 * (bytes - 1 - i));
	return 2 + (size_t)bytes;
}

size_t
ws_frame(char *out, bool fin, enum ws_opcode opcode, const void *payload,
    size_t len)
{
	size_t head = ws_head(out, fin, opcode, len);

	if (len > 0)
		memcpy(out + head, payload, len);
	return head + len;
}

ssize_t
ws_take(char *bytes, size_t len, size_t max, struct ws_frame *frame)
{
	const unsigned char *head = (const unsigned char *)bytes;
	size_t extra, at;
	uint64_t payload;

	if (len < 2)
		return 0;
	if ((head[0] & 0x70) != 0 || (head[1] & 0x80) == 0)
		return -1;
	payload = head[1] & 0x7f;
	extra = payload == 126 ? 2 : payload == 127 ? 8 : 0;
	at = 2 + extra + 4;
	if (len < at)
		return 0;
	if (extra > 0)
		payload = 0;
	for (size_t i = 0; i < extra; i++)
		payload = payload << 8 | head[2 + i];
	if (payload > max)
		return -1;
	if (len < at + payload)
		return 0;
	frame->fin = (head[0] & 0x80) != 0;
	frame->opcode = (enum ws_opcode)(head[0] & 0x0f);
	frame->payload = bytes + at;
	frame->len = payload;
	for (size_t i = 0; i < payload; i++)
		frame->payload[i] ^= bytes[at - 4 + i % 4];
	return (ssize_t)(at + payload);
}

void
ws_accept(const char *key, char *out)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char hash[SHA_DIGEST_LENGTH];
	char text[256];
	int len = snprintf(text, sizeof(text), "%.64s%s", key, guid);

	SHA1((const unsigned char *)text, (size_t)len, hash);
	EVP_EncodeBlock((unsigned char *)out, hash, sizeof(hash));
}
