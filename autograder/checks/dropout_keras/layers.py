"""Right answers to `ManualDropout`: the reference, and others that are written in another way."""

import numpy as np

from autograder.checks.implementation import Built


@Built
def ManualDropout():
    import keras
    from keras import ops

    class ManualDropout(keras.layers.Layer):
        def __init__(self, rate, seed=None, **kwargs):
            super().__init__(**kwargs)
            if not 0 <= rate <= 1:
                raise ValueError(f"rate must lie in [0, 1], got {rate}")
            self.rate, self.seed = rate, seed
            self.seed_generator = keras.random.SeedGenerator(seed)

        def call(self, inputs, training=False):
            if not training or self.rate == 0:
                return inputs
            if self.rate == 1:
                return ops.zeros_like(inputs)
            kept = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator) >= self.rate
            return inputs * ops.cast(kept, inputs.dtype) / (1 - self.rate)

        def get_config(self):
            return {**super().get_config(), "rate": self.rate, "seed": self.seed}

    return ManualDropout


@Built
def with_keras_dropout():
    import keras

    @keras.saving.register_keras_serializable(package="answers")
    class ManualDropout(keras.layers.Layer):
        def __init__(self, rate, seed=None, **kwargs):
            super().__init__(**kwargs)
            if rate < 0 or rate > 1:
                raise ValueError("rate is not a probability")
            self.rate = float(rate)
            self.seed = seed

        def build(self, input_shape):
            self.generator = keras.random.SeedGenerator(self.seed)
            super().build(input_shape)

        def call(self, inputs, training=None):
            return keras.random.dropout(inputs, self.rate, seed=self.generator) if training else inputs

        def compute_output_shape(self, input_shape):
            return input_shape

        def get_config(self):
            config = super().get_config()
            config.update(rate=self.rate, seed=self.seed)
            return config

    return ManualDropout


@Built
def with_stateless_tensorflow():
    import keras
    import tensorflow as tf

    class ManualDropout(keras.Layer):
        def __init__(self, rate, seed=None, **kwargs):
            super().__init__(**kwargs)
            self.rate = rate
            self.seed = seed
            self.seeds = keras.random.SeedGenerator(seed)

        def call(self, inputs, training=False):
            if not 0.0 <= self.rate <= 1.0:
                raise ValueError("rate should be between 0 and 1")
            if not training:
                return tf.identity(inputs)
            kept = tf.random.stateless_uniform(tf.shape(inputs), seed=self.seeds.next()) >= self.rate
            scale = 0.0 if self.rate == 1 else 1 / (1 - self.rate)
            return tf.where(kept, inputs * scale, tf.zeros_like(inputs))

        def get_config(self):
            return dict(super().get_config(), rate=self.rate, seed=self.seed)

    return ManualDropout


@Built
def with_own_counter():
    """Two integers of its own, a seed and a count of calls, replace Keras' generator."""
    import keras
    import tensorflow as tf
    from keras import ops

    class ManualDropout(keras.layers.Layer):
        def __init__(self, rate, seed=None, **kwargs):
            super().__init__(**kwargs)
            if not 0 <= rate <= 1:
                raise ValueError("rate")
            self.rate, self.seed = rate, seed
            self.start = int(np.random.default_rng().integers(2**30)) if seed is None else seed
            self.count = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False)

        def call(self, inputs, training=False):
            if not training:
                return inputs
            self.count.assign(self.count.value + 1)
            pair = tf.stack([tf.constant(self.start, tf.int32), self.count.value])
            noise = tf.random.stateless_normal(tf.shape(inputs), pair)
            uniform = 0.5 * (1 + ops.erf(noise / 2**0.5))
            kept = ops.logical_and(uniform > self.rate, self.rate < 1)
            return inputs * ops.cast(kept, inputs.dtype) / max(1 - self.rate, 1e-6) if self.rate else inputs

        def get_config(self):
            return {"rate": self.rate, "seed": self.seed} | super().get_config()

    return ManualDropout
