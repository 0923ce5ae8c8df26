"""Right answers to `without_dropout` that are written in another way."""

from autograder.checks.implementation import Built


@Built
def from_json():
    """Edit the description of the model, in which layers nest as dictionaries."""
    import json

    import keras

    def without_dropout(model):
        def edit(node):
            if isinstance(node, list):
                return [edit(item) for item in node]
            if not isinstance(node, dict):
                return node
            if "Dropout" in str(node.get("class_name")):
                name = node["config"]["name"]
                return {**node, "class_name": "Identity", "config": {"name": name}}
            return {key: edit(value) for key, value in node.items()}

        new = keras.models.model_from_json(json.dumps(edit(json.loads(model.to_json()))))
        for ours, theirs in zip(new.weights, model.weights, strict=True):
            ours.assign(theirs.numpy())
        return new

    return without_dropout


@Built
def by_recursion():
    """Clone model by model, one level at a time, and copy the weights of each level as it is made."""
    import keras
    from keras import layers

    noises = (
        layers.Dropout,
        layers.SpatialDropout1D,
        layers.SpatialDropout2D,
        layers.SpatialDropout3D,
        layers.GaussianDropout,
        layers.AlphaDropout,
    )

    def without_dropout(model):
        def swap(layer):
            if isinstance(layer, keras.Model):
                return without_dropout(layer)
            if isinstance(layer, noises):
                return layers.Activation("linear")
            return type(layer).from_config(layer.get_config())

        new = keras.models.clone_model(model, clone_function=swap)
        for old_layer, new_layer in zip(model.layers, new.layers, strict=True):
            if not isinstance(old_layer, keras.Model) and old_layer.get_weights():
                new_layer.set_weights(old_layer.get_weights())
        return new

    return without_dropout


@Built
def by_calling_again():
    """Send symbolic tensors through the graph of the model once more, with new layers in place of its own."""
    import keras

    def without_dropout(model):
        def call(layer, *args, **kwargs):
            if "Dropout" in type(layer).__name__:
                return args[0]
            if isinstance(layer, keras.Sequential):
                copy = keras.Sequential([keras.Input(layer.input_shape[1:])])
                for inner in layer.layers:
                    if "Dropout" not in type(inner).__name__:
                        copy.add(without_dropout(inner) if isinstance(inner, keras.Model) else copied(inner))
            else:
                copy = without_dropout(layer) if isinstance(layer, keras.Model) else copied(layer)
            return copy(*args, **kwargs)

        def copied(layer):
            copy = type(layer).from_config(layer.get_config())
            if layer.built and layer.get_weights():
                copy.build(layer.input.shape)
                copy.set_weights(layer.get_weights())
            return copy

        if isinstance(model, keras.Sequential):
            inputs = keras.Input(model.input_shape[1:])
            return keras.Model(inputs, call(model, inputs))
        inputs = [keras.Input(tensor.shape[1:]) for tensor in model.inputs]
        outputs = model._run_through_graph(
            inputs, operation_fn=lambda op: lambda *args, **kwargs: call(op, *args, **kwargs)
        )
        return keras.Model(inputs, outputs)

    return without_dropout
