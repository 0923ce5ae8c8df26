"""Right answers to `build_classifier`: the reference, and others that are written in another way."""

from autograder.checks.implementation import Built


@Built
def build_classifier():
    import keras
    from keras.layers import Dense, Dropout

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        model = keras.Sequential([keras.Input((2,))])
        for _ in range(n_layers):
            model.add(Dense(width, activation="relu"))
            if rate is not None:
                model.add(Dropout(rate))
        model.add(Dense(n_classes, activation="softmax"))
        return model

    return build_classifier


@Built
def functional():
    import keras

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        inputs = keras.Input(shape=(2,))
        outputs = inputs
        for _ in range(n_layers):
            outputs = keras.layers.Dense(width)(outputs)
            outputs = keras.layers.ReLU()(outputs)
            if rate is not None:
                outputs = keras.layers.Dropout(rate)(outputs)
        outputs = keras.layers.Dense(n_classes)(outputs)
        return keras.Model(inputs, keras.layers.Softmax()(outputs))

    return build_classifier


@Built
def added_one_by_one():
    import keras

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        model = keras.Sequential()
        model.add(keras.layers.InputLayer((2,)))
        for _ in range(n_layers):
            model.add(keras.layers.Dense(width, kernel_initializer="he_normal"))
            model.add(keras.layers.Activation("relu"))
            if rate is not None:
                model.add(keras.layers.Dropout(rate, seed=keras.random.SeedGenerator().get_config()["seed"]))
        model.add(keras.layers.Dense(n_classes))
        model.add(keras.layers.Activation(keras.activations.softmax))
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
        return model

    return build_classifier


@Built
def in_blocks():
    """Dropping a unit before its ReLU or after it comes to the same."""
    import keras

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        def block():
            layers = [keras.layers.Dense(width)]
            if rate is not None:
                layers.append(keras.layers.Dropout(rate))
            return keras.Sequential([*layers, keras.layers.Activation("relu")])

        blocks = [block() for _ in range(n_layers)]
        return keras.Sequential([keras.Input((2,)), *blocks, keras.layers.Dense(n_classes, "softmax")])

    return build_classifier


def counted():
    """Return a class of dropout that has parameters, for a wrong answer."""
    import keras

    class Counted(keras.layers.Dropout):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=input_shape[1:], initializer="ones")

        def call(self, inputs, training=False):
            return super().call(inputs, training=training) * self.scale

    return Counted
