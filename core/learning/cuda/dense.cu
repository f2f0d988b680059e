// Kernels of a training step for dense networks: swish with dropout, the output layer, and Adam.
//
// With HALF, products have factors in bfloat16. A weight is then the sum of a bfloat16, which products use, and of a
// remainder of 16 bits: together the bits of a single-precision number. Nothing is read or written twice.
// Adam (Kingma and Ba 2015) needs each weight's gradient once. It is the product of two thin matrices, and is computed
// where it is used: a gradient that went through memory would take a fifth of the time of a wide network's step.

#ifdef HALF
typedef unsigned short number;
__device__ float wide(number value) { return __uint_as_float((unsigned)value << 16); }
__device__ number narrow(float value) {
  unsigned bits = __float_as_uint(value);
  return (number)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);  // to the nearest, ties to even
}
#else
typedef float number;
__device__ float wide(number value) { return value; }
__device__ number narrow(float value) { return value; }
#endif

struct __align__(4 * sizeof(number)) four_numbers { number at[4]; };
struct __align__(8) four_remainders { short at[4]; };
struct __align__(16) four_floats { float at[4]; };

// Write swish of x after dropout, and its derivative. draw: uniform on [0, 1).
__device__ void activate(float x, float draw, float dropout, number *value, number *slope) {
  float sigmoid = 1 / (1 + expf(-x));
  float kept = draw < dropout ? 0 : 1 / (1 - dropout);
  *value = narrow(kept * x * sigmoid);
  *slope = narrow(kept * sigmoid * (1 + x * (1 - sigmoid)));
}

// products, draws, values, slopes: (size), rows of `outputs` units.
extern "C" __global__ void swish(const number *products, const float *bias, const float *draws, number *values,
                                 number *slopes, int size, int outputs, float dropout) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < size) activate(wide(products[i]) + bias[i % outputs], draws[i], dropout, values + i, slopes + i);
}

#define WARPS 8
#define SAMPLES 32
#define UNITS 4

// For narrow layers: a block of 256 threads computes 4 columns for 32 samples, each warp a share of every sum. Thread t
// below 128 has the sum of column t / 32 and sample t % 32.
__device__ float total(const float *sums) {
  __shared__ float parts[WARPS][UNITS][SAMPLES];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  for (int j = 0; j < UNITS; j++) parts[warp][j][lane] = sums[j];
  __syncthreads();
  float all = 0;
  if (threadIdx.x < UNITS * SAMPLES)
    for (int k = 0; k < WARPS; k++) all += parts[k][warp][lane];
  return all;
}

// The products of values, (batch, inputs), with weights, (outputs, inputs). inputs must be a multiple of 4.
__device__ float forward_total(const number *values, const number *weights, int batch, int outputs, int inputs) {
  int warp = threadIdx.x / 32, sample = min(blockIdx.y * SAMPLES + threadIdx.x % 32, batch - 1);
  int fours = inputs / 4, share = (fours + WARPS - 1) / WARPS;
  const four_numbers *row = (const four_numbers *)(values + (long long)sample * inputs), *columns[UNITS];
  for (int j = 0; j < UNITS; j++)
    columns[j] = (const four_numbers *)(weights + (long long)min(blockIdx.x * UNITS + j, outputs - 1) * inputs);
  float sums[UNITS] = {};
#pragma unroll 4
  for (int k = warp * share; k < min((warp + 1) * share, fours); k++) {
    four_numbers value = row[k];
    for (int j = 0; j < UNITS; j++) {
      four_numbers weight = columns[j][k];
      for (int i = 0; i < 4; i++) sums[j] += wide(value.at[i]) * wide(weight.at[i]);
    }
  }
  return total(sums);
}

// values, slopes, draws: (batch, outputs) of this layer.
extern "C" __global__ __launch_bounds__(256) void forward(
    const number *before, const number *weights, const float *bias, const float *draws, number *values, number *slopes,
    int batch, int outputs, int inputs, float dropout) {
  float sum = forward_total(before, weights, batch, outputs, inputs);
  int unit = blockIdx.x * UNITS + threadIdx.x / 32, sample = blockIdx.y * SAMPLES + threadIdx.x % 32;
  if (threadIdx.x >= UNITS * SAMPLES || unit >= outputs || sample >= batch) return;
  int place = sample * outputs + unit;
  activate(sum + bias[unit], draws[place], dropout, values + place, slopes + place);
}

// delta: derivative of the mean squared error by products + bias, of which the estimate is the sigmoid; (batch,
// outputs), as targets. The error is added to loss.
extern "C" __global__ __launch_bounds__(256) void output(
    const number *before, const number *weights, const float *bias, const float *targets, number *delta, float *loss,
    int batch, int outputs, int inputs) {
  float sum = forward_total(before, weights, batch, outputs, inputs);
  int unit = blockIdx.x * UNITS + threadIdx.x / 32, sample = blockIdx.y * SAMPLES + threadIdx.x % 32;
  if (threadIdx.x >= UNITS * SAMPLES || unit >= outputs || sample >= batch) return;
  int place = sample * outputs + unit, size = batch * outputs;
  float estimate = 1 / (1 + expf(-sum - bias[unit])), difference = estimate - targets[place];
  delta[place] = narrow(2 * difference / size * estimate * (1 - estimate));
  atomicAdd(loss, difference * difference / size);
}

// delta: (batch, outputs). slopes and delta_before: (batch, inputs), of the layer before.
extern "C" __global__ __launch_bounds__(256) void backward(
    const number *delta, const number *weights, const number *slopes, number *delta_before, int batch, int outputs,
    int inputs) {
  int warp = threadIdx.x / 32, sample = min(blockIdx.y * SAMPLES + threadIdx.x % 32, batch - 1);
  int share = (outputs + WARPS - 1) / WARPS;
  float sums[UNITS] = {};
#pragma unroll 8
  for (int k = warp * share; k < min((warp + 1) * share, outputs); k++) {
    float value = wide(delta[(long long)sample * outputs + k]);
    four_numbers weight = *(const four_numbers *)(weights + (long long)k * inputs + blockIdx.x * UNITS);
    for (int j = 0; j < UNITS; j++) sums[j] += value * wide(weight.at[j]);
  }
  float sum = total(sums);
  int unit = blockIdx.x * UNITS + warp;
  sample = blockIdx.y * SAMPLES + threadIdx.x % 32;
  if (threadIdx.x >= UNITS * SAMPLES || sample >= batch) return;
  int place = sample * inputs + unit;
  delta_before[place] = narrow(sum * wide(slopes[place]));
}

__device__ float adam(float *mean, float *square, float gradient, const float *rate, float beta1, float beta2,
                      float epsilon) {
  *mean += (1 - beta1) * (gradient - *mean);
  *square = beta2 * *square + (1 - beta2) * gradient * gradient;
  return rate[0] * *mean / (sqrtf(*square) * rate[1] + epsilon);
}

#define TILE 64

// One step of Adam for a layer's weights, (outputs, inputs), and bias, (outputs); a block of 256 threads for each tile
// of 64 by 64 weights. inputs must be a multiple of 4.
// delta: (batch, outputs). values: (batch, inputs). rate: learning rate / (1 - beta1^t), and 1 / sqrt(1 - beta2^t).
extern "C" __global__ __launch_bounds__(256) void update(
    number *weights, short *remainders, number *means, float *squares, float *bias, float *bias_means,
    float *bias_squares, const number *delta, const number *values, const float *rate, int batch, int outputs,
    int inputs, float beta1, float beta2, float epsilon) {
  __shared__ four_floats rows[SAMPLES][TILE / 4], columns[SAMPLES][TILE / 4];
  int first_row = blockIdx.y * TILE, first_column = blockIdx.x * TILE;
  int y = threadIdx.x / 16, x = threadIdx.x % 16;
  int row = first_row + 4 * y, column = first_column + 4 * x;
  four_numbers weight[4], mean[4];
  four_floats square[4];
#ifdef HALF
  four_remainders remainder[4];
#endif
  for (int j = 0; j < 4; j++) {
    long long place = (long long)(row + j) * inputs + column;
    if (row + j < outputs && column < inputs) {
      weight[j] = *(const four_numbers *)(weights + place);
      mean[j] = *(const four_numbers *)(means + place);
      square[j] = *(const four_floats *)(squares + place);
#ifdef HALF
      remainder[j] = *(const four_remainders *)(remainders + place);
#endif
    }
  }
  float gradient[4][4] = {}, bias_gradient = 0;
  for (int first = 0; first < batch; first += SAMPLES) {
    for (int i = threadIdx.x; i < SAMPLES * TILE; i += 256) {
      int k = i / TILE, j = i % TILE, sample = first + k;
      rows[k][j / 4].at[j % 4] = sample < batch && first_row + j < outputs
                                     ? wide(delta[(long long)sample * outputs + first_row + j]) : 0;
      columns[k][j / 4].at[j % 4] = sample < batch && first_column + j < inputs
                                        ? wide(values[(long long)sample * inputs + first_column + j]) : 0;
    }
    __syncthreads();
    for (int k = 0; k < SAMPLES; k++) {
      four_floats left = rows[k][y], right = columns[k][x];
      for (int j = 0; j < 4; j++)
        for (int i = 0; i < 4; i++) gradient[j][i] += left.at[j] * right.at[i];
    }
    if (blockIdx.x == 0 && threadIdx.x < TILE)
      for (int k = 0; k < SAMPLES; k++) bias_gradient += rows[k][threadIdx.x / 4].at[threadIdx.x % 4];
    __syncthreads();
  }
  for (int j = 0; j < 4; j++) {
    long long place = (long long)(row + j) * inputs + column;
    if (row + j < outputs && column < inputs) {
      for (int i = 0; i < 4; i++) {
        float m = wide(mean[j].at[i]);
        float change = adam(&m, &square[j].at[i], gradient[j][i], rate, beta1, beta2, epsilon);
        mean[j].at[i] = narrow(m);
#ifdef HALF
        unsigned bits = ((unsigned)weight[j].at[i] << 16) + (unsigned)(int)remainder[j].at[i];
        bits = __float_as_uint(__uint_as_float(bits) - change);
        weight[j].at[i] = (number)((bits + 0x8000) >> 16);
        remainder[j].at[i] = (short)(bits - ((unsigned)weight[j].at[i] << 16));
#else
        weight[j].at[i] -= change;
#endif
      }
      *(four_numbers *)(weights + place) = weight[j];
      *(four_numbers *)(means + place) = mean[j];
      *(four_floats *)(squares + place) = square[j];
#ifdef HALF
      *(four_remainders *)(remainders + place) = remainder[j];
#endif
    }
  }
  int unit = first_row + threadIdx.x;
  if (blockIdx.x == 0 && threadIdx.x < TILE && unit < outputs)
    bias[unit] -= adam(&bias_means[unit], &bias_squares[unit], bias_gradient, rate, beta1, beta2, epsilon);
}
