import java.net.http.HttpRequest;
import java.util.List;
import java.util.Map;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.ChatApi;
import org.openapitools.client.api.EmbeddingsApi;
import org.openapitools.client.api.ModelsApi;
import org.openapitools.client.api.ResponsesApi;
import org.openapitools.client.model.ChatCompletionRequestMessage;
import org.openapitools.client.model.ChatCompletionTool;
import org.openapitools.client.model.CreateChatCompletionRequest;
import org.openapitools.client.model.CreateChatCompletionResponse;
import org.openapitools.client.model.CreateEmbeddingRequest;
import org.openapitools.client.model.CreateEmbeddingResponse;
import org.openapitools.client.model.CreateResponse;
import org.openapitools.client.model.ErrorResponse;
import org.openapitools.client.model.FunctionObject;
import org.openapitools.client.model.MessageItem;
import org.openapitools.client.model.MessageRole;
import org.openapitools.client.model.Model;
import org.openapitools.client.model.ResponseObject;
import org.openapitools.client.model.ResponseTool;

/** Calls the gateway with the client that openapi-generator's `java` made of its document. */
public class Program {
    static final String MAIN = "openclaw/default";
    static final String SCRIPTED = "openclaw/scripted";
    static final ApiClient OURS = client(System.getenv("OPENCLAW_TOKEN"));
    static final ResponsesApi RESPONSES = new ResponsesApi(OURS);

    interface Test {
        void run() throws Exception;
    }

    public static void main(String[] arguments) {
        check("models", Program::models);
        check("model", Program::model);
        check("chat", Program::chat);
        check("chat_tools", Program::chatTools);
        check("response", Program::response);
        check("response_tools", Program::responseTools);
        check("response_again", Program::responseAgain);
        check("embeddings", Program::embeddings);
        check("refused", Program::refused);
    }

    static void check(String name, Test test) {
        String told = "ok openapi_generator_java." + name;
        try {
            test.run();
            System.out.println(told);
        } catch (Exception | AssertionError error) {
            System.out.println("not " + told + " - " + error.toString().replaceAll("\\s+", " "));
        }
    }

    static void same(Object found, Object wanted) {
        if (!wanted.equals(found)) throw new AssertionError(found + ", not " + wanted);
    }

    static ApiClient client(String token) {
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv("OPENCLAW_ORIGIN"));
        client.setRequestInterceptor((HttpRequest.Builder request) ->
            request.header("Authorization", "Bearer " + token));
        return client;
    }

    static CreateChatCompletionRequest asks(String model, String text) {
        return new CreateChatCompletionRequest()
            .model(model)
            .addMessagesItem(new ChatCompletionRequestMessage().role(MessageRole.USER).content(text));
    }

    static CreateChatCompletionResponse completed(CreateChatCompletionRequest request) throws ApiException {
        return new ChatApi(OURS).createChatCompletion(request, null, null, null, null, null);
    }

    static ResponseObject respond(CreateResponse request) throws ApiException {
        return RESPONSES.createResponse(request.model(SCRIPTED), null, null, null, null, null);
    }

    static void models() throws ApiException {
        List<Model> models = new ModelsApi(OURS).listModels().getData();
        same(models.stream().anyMatch(model -> model.getId().equals(MAIN)), true);
    }

    static void model() throws ApiException {
        Model model = new ModelsApi(OURS).retrieveModel(MAIN);
        same(List.of(model.getId(), model.getOwnedBy()), List.of(MAIN, "openclaw"));
    }

    static void chat() throws ApiException {
        CreateChatCompletionResponse answer = completed(asks(MAIN, "Hello").maxTokens(8));
        same(answer.getChoices().get(0).getMessage().getContent().isEmpty(), false);
        same(answer.getUsage().getCompletionTokens() > 0, true);
    }

    static void chatTools() throws ApiException {
        Map<String, Object> parameters = Map.of("type", "object");
        FunctionObject function = new FunctionObject().name("get_weather").parameters(parameters);
        ChatCompletionTool tool = new ChatCompletionTool().type("function").function(function);
        CreateChatCompletionResponse answer = completed(asks(SCRIPTED, "How warm is it?").addToolsItem(tool));
        var calls = answer.getChoices().get(0).getMessage().getToolCalls();
        same(calls.get(0).getFunction().getName(), "get_weather");
    }

    static void response() throws ApiException {
        ResponseObject made = respond(new CreateResponse().input("Hello").metadata(Map.of("a", "b")));
        MessageItem message = made.getOutput().get(0).getMessageItem();
        same(message.getContent().get(0).getOutputTextPart().getText(), "A scripted reply.");
        same(made.getMetadata(), Map.of("a", "b"));
    }

    static void responseTools() throws ApiException {
        ResponseTool tool = new ResponseTool().type("function").name("get_weather");
        ResponseObject made = respond(new CreateResponse().input("How warm is it?").addToolsItem(tool));
        same(made.getOutput().get(0).getFunctionCallItem().getName(), "get_weather");
    }

    static void responseAgain() throws ApiException {
        ResponseObject made = respond(new CreateResponse().input("Hello"));
        same(RESPONSES.retrieveResponse(made.getId(), null, null), made);
        var asked = RESPONSES.listInputItems(made.getId(), null, null, null).getData();
        same(asked.get(0).getMessageItem().getRole().getValue(), "user");
        same(RESPONSES.deleteResponse(made.getId()).getDeleted(), true);
    }

    static void embeddings() throws ApiException {
        CreateEmbeddingRequest request = new CreateEmbeddingRequest().input(List.of("a", "b"));
        CreateEmbeddingResponse made = new EmbeddingsApi(OURS).createEmbedding(request, null, null);
        same(made.getData().size(), 2);
        for (var one : made.getData()) same(((List<?>) one.getEmbedding()).size(), 384);
    }

    static void refused() throws Exception {
        try {
            new ModelsApi(client("wrong")).listModels();
        } catch (ApiException error) {
            same(error.getCode(), 401);
            var body = OURS.getObjectMapper().readValue(error.getResponseBody(), ErrorResponse.class);
            same(body.getError().getCode(), "invalid_api_key");
            return;
        }
        throw new AssertionError("no ApiException");
    }
}
