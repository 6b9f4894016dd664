"""AI partners on loopback, made from the documented formats of their APIs."""

from collections.abc import Sequence
from typing import override

from aiohttp.web import BaseRequest, Response, StreamResponse, json_response

from bach_lib.testing.partners.base import Asked, PartnerServer

MODELS = ("small", "large")


class AiServer(PartnerServer):
    """What all four have: `models`, and an `answer` (None: the last thing that was said, backwards)."""

    def __init__(
        self, *, key: str | None = None, models: Sequence[str] = MODELS, answer: str | None = None, port: int = 0
    ) -> None:
        super().__init__(key=key, port=port)
        self.models: list[str] = list(models)
        self.answer = answer

    def said(self, last: object) -> str:
        """The text of the answer."""
        return self.answer if self.answer is not None else str(last)[::-1]

    @staticmethod
    def nothing(asked: Asked) -> Response:
        """What somebody who asks for something else is told."""
        return json_response({"error": {"message": f"no route for {asked.method} {asked.path}"}}, status=404)


class OllamaServer(AiServer):
    """Ollama (https://docs.ollama.com/api). It knows no keys; `key` is a proxy's in front of it."""

    version = "0.12.3"

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        match asked.method, asked.path, asked.body:
            case "GET", "/api/version", _:
                return json_response({"version": self.version})
            case "GET", "/api/tags", _:
                return json_response({"models": [{"name": name, "model": name, "size": 1} for name in self.models]})
            case "POST", "/api/chat", {"model": model, "messages": [*_, {"content": last}]}:
                if model not in self.models:
                    return json_response({"error": f"model '{model}' not found"}, status=404)
                message = {"role": "assistant", "content": self.said(last)}
                return json_response({"model": model, "message": message, "done": True, "done_reason": "stop"})
        return self.nothing(asked)


class OpenAIServer(AiServer):
    """OpenAI and those compatible with it (https://platform.openai.com/docs/api-reference).

    With `is_new`, it refuses `max_tokens` as OpenAI's newer models do.
    """

    is_new = False

    @override
    def refusal(self) -> Response:
        message = "Incorrect API key provided: sk-wrongwrongwrongwrongwrong."
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}
        return json_response({"error": error}, status=401)

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        match asked.method, asked.path, asked.body:
            case "GET", "/v1/models", _:
                return json_response(
                    {"object": "list", "data": [{"id": one, "object": "model"} for one in self.models]}
                )
            case "POST", "/v1/chat/completions", {"max_tokens": _} if self.is_new:
                message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
                return json_response({"error": {"message": message, "code": "unsupported_parameter"}}, status=400)
            case "POST", "/v1/chat/completions", {"model": str(model), "messages": [*_, {"content": last}]}:
                message_ = {"role": "assistant", "content": self.said(last), "refusal": None}
                choice = {"index": 0, "message": message_, "finish_reason": "stop"}
                return json_response({"id": "chatcmpl-1", "model": model, "choices": [choice]})
        return self.nothing(asked)


class ClaudeServer(AiServer):
    """Anthropic's API (https://platform.claude.com/docs/en/api). It wants its version header and turns taken."""

    @override
    def accepts(self, asked: Asked) -> bool:
        return asked.headers.get("x-api-key") == self.key

    @override
    def refusal(self) -> Response:
        return self.error(401, "authentication_error", "invalid x-api-key")

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        if asked.headers.get("anthropic-version") != "2023-06-01":
            return self.error(400, "invalid_request_error", "anthropic-version: header is required")
        match asked.method, asked.path, asked.body:
            case "GET", "/v1/models", _:
                data = [{"type": "model", "id": one, "display_name": one.title()} for one in self.models]
                return json_response({"data": data, "has_more": False, "first_id": None, "last_id": None})
            case "POST", "/v1/messages", {"model": str(model), "max_tokens": int(), "messages": list(messages)}:
                roles = [one["role"] for one in messages]
                if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
                    return self.error(400, "invalid_request_error", "messages: roles must alternate")
                content = [{"type": "text", "text": self.said(messages[-1]["content"])}]
                return json_response({"type": "message", "model": model, "content": content, "stop_reason": "end_turn"})
        return self.error(404, "not_found_error", "Not found")

    @staticmethod
    def error(status: int, kind: str, message: str) -> Response:
        """A refusal as Anthropic words it."""
        return json_response({"type": "error", "error": {"type": kind, "message": message}}, status=status)


class GeminiServer(AiServer):
    """Google's Generative Language API (https://ai.google.dev/api). A wrong key is a 400 there."""

    @override
    def accepts(self, asked: Asked) -> bool:
        return asked.headers.get("x-goog-api-key") == self.key

    @override
    def refusal(self) -> Response:
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
        error = {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": details}
        return json_response({"error": error}, status=400)

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        name = asked.path.removeprefix("/v1beta/models/").removesuffix(":generateContent")
        match asked.method, asked.body:
            case "GET", _ if asked.path == "/v1beta/models":
                chats = [
                    {"name": f"models/{one}", "supportedGenerationMethods": ["generateContent"]} for one in self.models
                ]
                other = {"name": "models/embedding", "supportedGenerationMethods": ["embedContent"]}
                return json_response({"models": [*chats, other]})
            case "POST", {"contents": [*_, {"role": "user", "parts": [{"text": last}]}]} if name in self.models:
                content = {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": self.said(last)}]}
                return json_response({"candidates": [{"content": content, "finishReason": "STOP"}]})
        return json_response({"error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}}, status=404)
