"""What the openai client makes of the scripted model, in the order of its script."""

import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="sk-none", max_retries=0)
question = {
    "model": "scripted-1",
    "messages": [{"role": "user", "content": "hello"}],
    "tools": [{"type": "function", "function": {"name": "shell_run", "parameters": {"type": "object"}}}],
}


def stream():
    return client.chat.completions.create(**question, stream=True, stream_options={"include_usage": True})


text, usage, finish = "", None, None
for chunk in stream():
    assert chunk.object == "chat.completion.chunk" and chunk.id and chunk.model
    for choice in chunk.choices:
        text += choice.delta.content or ""
        finish = choice.finish_reason or finish
    usage = chunk.usage or usage
assert (text, finish, usage.total_tokens) == ("Hello from the script.", "stop", 120), (text, finish, usage)

name, arguments, finish = None, "", None
for chunk in stream():
    for choice in chunk.choices:
        for call in choice.delta.tool_calls or []:
            name = call.function.name or name
            arguments += call.function.arguments or ""
        finish = choice.finish_reason or finish
assert (name, finish) == ("shell_run", "tool_calls"), (name, finish)
assert json.loads(arguments)["command"] == "uptime --pretty", arguments

answer = client.chat.completions.create(**question)
assert answer.choices[0].message.content == "Hello from the script.", answer
answer = client.chat.completions.create(**question)
call = answer.choices[0].message.tool_calls[0]
assert json.loads(call.function.arguments)["command"] == "uptime --pretty", answer

for kind in (openai.AuthenticationError, openai.RateLimitError):
    try:
        client.chat.completions.create(**question)
        raise AssertionError(f"{kind.__name__} was expected")
    except kind as error:
        assert error.body["message"], error

whole = True
try:
    for _ in stream():
        pass
except Exception as error:  # the library hands the transport's own error on
    assert not isinstance(error, AssertionError)
    whole = False
assert not whole, "a cut stream ended as if it were whole"
print("the openai client", openai.__version__, "understands the scripted model")
