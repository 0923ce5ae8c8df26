"""Right answers to `mc_predict` that are written in another way."""

import numpy as np

from autograder.checks.implementation import Built


def with_frozen_norms(passes):
    """Return the function that draws `passes(model, X, T)` while BatchNorm layers are frozen."""

    def mc_predict(model, X, T):
        import keras

        layers = model._flatten_layers()
        thawed = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable]
        for layer in thawed:
            layer.trainable = False
        try:
            return passes(model, X, T)
        finally:
            for layer in thawed:
                layer.trainable = True

    return mc_predict


@Built
def with_everything_frozen():
    """A model that is frozen as a whole still drops; flags come back from the outside in."""

    def mc_predict(model, X, T):
        flags = [(layer, layer.trainable) for layer in model._flatten_layers()]
        model.trainable = False
        samples = [np.array(model(X, training=True)) for _ in range(T)]
        for layer, flag in flags:
            layer.trainable = flag
        return np.array(samples)

    return mc_predict


@Built
def with_active_clone():
    """A clone whose Dropout cannot be switched off may predict."""
    import keras

    class Active(keras.layers.Dropout):
        def call(self, inputs, training=None):  # noqa: ARG002 - Keras hands it on
            return super().call(inputs, training=True)

    def swap(layer):
        kind = Active if isinstance(layer, keras.layers.Dropout) else type(layer)
        return kind.from_config(layer.get_config())

    def mc_predict(model, X, T):
        clone = keras.models.clone_model(model, clone_function=swap, recursive=True)
        clone.set_weights(model.get_weights())
        return np.stack([clone.predict_on_batch(X) for _ in range(T)])

    return mc_predict


@Built
def in_one_batch():
    def tiled(model, X, T):
        samples = np.asarray(model(np.tile(X, (T, 1)), training=True))
        return samples.reshape(T, len(X), -1)

    return with_frozen_norms(tiled)
